import CVulkan
import OpsinGraph
import OpsinVulkan
import Synchronization
import Testing

/// What the replaced entry points count and call: C functions capture nothing, so it is one global, and the suite runs one test at a time.
private enum Fault {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        /// Calls that still succeed.
        var remaining = Int.max
        var largest = UInt64.max
    }

    static let state = Mutex(State())

    /// True once the allowed calls are used up.
    static func strikes() -> Bool {
        state.withLock { state in
            defer { state.remaining = max(-1, state.remaining - 1) }
            return state.remaining <= 0
        }
    }

    static var real: VulkanFunctions? { state.withLock { $0.real } }

    /// A device whose table `edit` changes, with `remaining` calls that succeed.
    static func device(after remaining: Int = .max, largest: UInt64 = .max, _ edit: (inout VulkanFunctions) -> Void) throws -> Device {
        try VulkanHere.device { functions in
            let real = functions
            state.withLock { $0 = State(real: real, remaining: remaining, largest: largest) }
            edit(&functions)
        }
    }
}

private func code(_ body: () throws -> Void) -> VulkanError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? VulkanError)?.code
    }
}

@Suite struct LoaderFaultTests {
    @Test func noLoader() {
        #expect { try LoaderFunctions(libraries: ["libopsin-is-no-loader.so.1"]) } throws: {
            let error = $0 as? VulkanError
            return error?.code == .noLoader && error?.description.contains("libopsin-is-no-loader.so.1") == true
        }
    }

    @Test(.enabled(if: VulkanHere.isThere, VulkanHere.reason))
    func noDriver() throws {
        var loader = try LoaderFunctions()
        unsafe loader.createInstance = { _, _, _ in VK_ERROR_INCOMPATIBLE_DRIVER }
        #expect { try VulkanInstance(loader: loader) } throws: { ($0 as? VulkanError)?.code == .noDriver }
    }

    @Test(.enabled(if: VulkanHere.isThere, VulkanHere.reason))
    func oldLoader() throws {
        var loader = try LoaderFunctions()
        unsafe loader.enumerateInstanceVersion = nil
        #expect { try VulkanInstance(loader: loader) } throws: { ($0 as? VulkanError)?.code == .unsupported }
    }

    @Test(.enabled(if: VulkanHere.isThere, VulkanHere.reason))
    func noDevice() throws {
        let instance = try VulkanInstance(loader: LoaderFunctions()) { functions in
            unsafe functions.enumeratePhysicalDevices = { _, count, _ in
                unsafe count?.pointee = 0
                return VK_SUCCESS
            }
        }
        #expect(instance.devices.isEmpty)
        #expect { try instance.choose(.best) } throws: { ($0 as? VulkanError)?.code == .noDevice }
    }
}

@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct FaultTests {
    @Test func deviceCreationFails() {
        let found = code { _ = try Fault.device { unsafe $0.createDevice = { _, _, _, _ in VK_ERROR_INITIALIZATION_FAILED } } }
        #expect(found == .driver)
    }

    @Test(arguments: 0..<4)
    func memoryRunsOutAtTheNthAllocation(_ n: Int) throws {
        let device = try Fault.device(after: n) { functions in
            unsafe functions.allocateMemory = { device, info, host, memory in
                guard !Fault.strikes(), let real = Fault.real else { return VK_ERROR_OUT_OF_DEVICE_MEMORY }
                return unsafe real.allocateMemory(device, info, host, memory)
            }
        }
        var held: [Buffer] = []
        let found = code { for _ in 0..<5 { held.append(try device.memory.allocate(MemoryPool.blockBytes, .device)) } }
        #expect(found == .outOfMemory)
        #expect(held.count == n)
        #expect(device.memory.reservedBytes == n * MemoryPool.blockBytes)
        held.removeAll()
        #expect(device.memory.reservedBytes == 0)
        #expect(device.failure == nil)
    }

    @Test func aSmallerBlockIsTakenWhereABigOneIsRefused() throws {
        let device = try Fault.device(largest: 4 << 20) { functions in
            unsafe functions.allocateMemory = { device, info, host, memory in
                let largest = Fault.state.withLock { $0.largest }
                guard let info = unsafe info, unsafe info.pointee.allocationSize <= largest, let real = Fault.real else { return VK_ERROR_OUT_OF_DEVICE_MEMORY }
                return unsafe real.allocateMemory(device, info, host, memory)
            }
        }
        let buffer = try device.memory.allocate(1 << 20, .device)
        #expect(device.memory.reservedBytes == 4 << 20)
        #expect(code { _ = try device.memory.allocate(5 << 20, .device) } == .outOfMemory)
        withExtendedLifetime(buffer) {}
    }

    @Test(arguments: 0..<3)
    func deviceIsLostAtTheNthSubmit(_ n: Int) throws {
        let device = try Fault.device(after: n) { functions in
            unsafe functions.queueSubmit = { queue, count, submits, fence in
                guard !Fault.strikes(), let real = Fault.real else { return VK_ERROR_DEVICE_LOST }
                return unsafe real.queueSubmit(queue, count, submits, fence)
            }
        }
        let (x, y) = (try upload([Float](repeating: -1, count: 64), to: device), try device.memory.allocate(256, .readback))
        let list = try CommandList(device, [.dispatch(try activation(device, 1, x.view, y.view))])
        for _ in 0..<n { try list.run() }
        #expect(device.failure == nil)
        #expect(code { try list.run() } == .deviceLost)
        #expect(device.failure?.code == .deviceLost)
        #expect(code { try list.run() } == .deviceLost)
        let again = try VulkanHere.device()
        let (x2, y2) = (try upload([-1, 2, -3, 4], to: again), try again.memory.allocate(16, .readback))
        try CommandList(again, [.dispatch(try activation(again, 1, x2.view, y2.view))]).run()
        #expect(try y2.read(Float.self, count: 4) == [0, 2, 0, 4])
    }

    @Test func aFenceThatNeverSignalsEndsTheWaitAndLosesTheDevice() throws {
        let device = try Fault.device { functions in
            unsafe functions.waitForFences = { _, _, _, _, _ in VK_TIMEOUT }
        }
        let (x, y) = (try upload([Float](repeating: -1, count: 64), to: device), try device.memory.allocate(256, .readback))
        let list = try CommandList(device, [.dispatch(try activation(device, 1, x.view, y.view))])
        #expect { try list.run(timeoutMilliseconds: 5) } throws: {
            ($0 as? VulkanError)?.code == .timeout && "\($0)".contains("within 5 ms")
        }
        #expect(device.failure?.code == .timeout)
        #expect(code { try list.run() } == .deviceLost)
    }

    @Test func pipelineCreationFails() throws {
        let device = try Fault.device { functions in
            unsafe functions.createComputePipelines = { _, _, _, _, _, _ in VK_ERROR_OUT_OF_HOST_MEMORY }
        }
        let requests = (0..<8).map { PipelineRequest(ActivationShader(storage: .f32, function: UInt32($0), quads: 1)) }
        #expect(code { _ = try device.pipelines.pipelines(requests) } == .outOfMemory)
    }

    /// A GPU with memory of its own, played by lavapipe: type 0 is device-local and hidden from the host, type 1 is the host's.
    @Test func uploadsThroughTheRingWhereTheHostSeesNoDeviceMemory() throws {
        let device = try Fault.device { functions in
            unsafe functions.getPhysicalDeviceMemoryProperties = { device, memory in
                guard let memory = unsafe memory, let real = Fault.real else { return }
                unsafe real.getPhysicalDeviceMemoryProperties(device, memory)
                unsafe memory.pointee.memoryTypeCount = 2
                unsafe memory.pointee.memoryTypes.0 = VkMemoryType(propertyFlags: VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue, heapIndex: 0)
                unsafe memory.pointee.memoryTypes.1 = VkMemoryType(propertyFlags: 2 | 4 | 8, heapIndex: 0)
            }
            unsafe functions.getBufferMemoryRequirements = { device, buffer, needs in
                guard let real = Fault.real else { return }
                unsafe real.getBufferMemoryRequirements(device, buffer, needs)
                unsafe needs?.pointee.memoryTypeBits = 3
            }
            unsafe functions.allocateMemory = { device, info, host, memory in
                guard var info = unsafe info?.pointee, let real = Fault.real else { return VK_ERROR_OUT_OF_DEVICE_MEMORY }
                unsafe info.memoryTypeIndex = 0
                return unsafe real.allocateMemory(device, &info, host, memory)
            }
        }
        let count = (StagingRing.slotBytes * 3 + 68) / 4
        let weights = (0..<count).map { Float($0 % 8191) }
        let target = try device.memory.allocate(count * 4, .device)
        #expect(!target.isMapped)
        let ring = StagingRing(device)
        try ring.upload(weights, to: target)
        try ring.upload([Float](repeating: -1, count: 4), to: target, at: 64)
        try ring.finish()
        let back = try device.memory.allocate(count * 4, .readback)
        #expect(back.isMapped)
        try CommandList(device, [.copy(target.view, to: back.view)]).run()
        let got = try back.read(Float.self, count: count)
        #expect(got[16..<20] == [-1, -1, -1, -1])
        #expect(got[..<16] == weights[..<16] && got[20...] == weights[20...])
        #expect(code { try ring.upload(weights, to: target, at: 4) } == .argument)
        #expect(code { try target.write([1 as Float]) } == .argument)
    }
}
