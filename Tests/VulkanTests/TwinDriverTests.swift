import CVulkan
import Opsin
import OpsinVulkan
import Synchronization
import Testing

/// One GPU under two drivers, played by the machine's device: the table lists it twice, and the second time says what `Twin.state` holds.
private enum Twin {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        var device: VkPhysicalDevice?
        /// What each of the two says of its driver and its place.
        var faces: [Face] = []
    }

    struct Face {
        var driver: VkDriverId
        var name: String
        var conformance: (UInt8, UInt8) = (1, 3)
        var api: UInt32 = 1 << 22 | 3 << 12
        var uuid: UInt8 = 7
        /// Bus and device; nil: the driver has no VK_EXT_pci_bus_info.
        var pci: (UInt32, UInt32)?
        var luid: UInt8?
        var type = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
    }

    static let state = Mutex(State())

    /// Handles that no driver gave: the number of the face.
    static func face(_ handle: VkPhysicalDevice?) -> Face? {
        let number = Int(bitPattern: handle)
        return state.withLock { $0.faces.indices.contains(number - 1) ? $0.faces[number - 1] : nil }
    }

    static var here: (VulkanFunctions?, VkPhysicalDevice?) { unsafe state.withLock { unsafe ($0.real, $0.device) } }

    /// An instance that sees `faces` and nothing else.
    static func instance(_ faces: [Face]) throws(VulkanError) -> VulkanInstance {
        try VulkanInstance(loader: LoaderFunctions()) { functions in
            let real = functions
            state.withLock { unsafe $0 = State(real: real, device: nil, faces: faces) }
            unsafe functions.enumeratePhysicalDevices = { instance, count, devices in
                Twin.state.withLock { state in
                    var one: UInt32 = 1
                    var device: VkPhysicalDevice?
                    unsafe _ = state.real?.enumeratePhysicalDevices(instance, &one, &device)
                    unsafe state.device = device
                    unsafe count?.pointee = UInt32(state.faces.count)
                    for index in state.faces.indices { unsafe devices?[index] = VkPhysicalDevice(bitPattern: index + 1) }
                    return VK_SUCCESS
                }
            }
            unsafe functions.enumerateDeviceExtensionProperties = { handle, layer, count, list in
                guard let face = unsafe Twin.face(handle) else { return VK_ERROR_DEVICE_LOST }
                unsafe count?.pointee = face.pci == nil ? 0 : 1
                if face.pci != nil, let list = unsafe list {
                    unsafe withUnsafeMutableBytes(of: &list.pointee.extensionName) { unsafe $0.copyBytes(from: Array("VK_EXT_pci_bus_info".utf8) + [0]) }
                }
                return VK_SUCCESS
            }
            unsafe functions.getPhysicalDeviceProperties2 = { handle, all in
                let (real, device) = unsafe Twin.here
                guard let face = unsafe Twin.face(handle), let real, let all = unsafe all else { return }
                unsafe real.getPhysicalDeviceProperties2(device, all)
                unsafe (all.pointee.properties.apiVersion, all.pointee.properties.deviceType) = (face.api, face.type)
                var next = unsafe all.pointee.pNext
                while let place = unsafe next {
                    unsafe Twin.answer(place, face)
                    unsafe next = unsafe UnsafeMutableRawPointer(place.assumingMemoryBound(to: VkBaseOutStructure.self).pointee.pNext)
                }
            }
            unsafe functions.getPhysicalDeviceFeatures2 = { _, all in
                let (real, device) = unsafe Twin.here
                unsafe real?.getPhysicalDeviceFeatures2(device, all)
            }
            unsafe functions.getPhysicalDeviceMemoryProperties = { _, memory in
                let (real, device) = unsafe Twin.here
                unsafe real?.getPhysicalDeviceMemoryProperties(device, memory)
            }
            unsafe functions.getPhysicalDeviceQueueFamilyProperties = { _, count, families in
                let (real, device) = unsafe Twin.here
                unsafe real?.getPhysicalDeviceQueueFamilyProperties(device, count, families)
            }
        }
    }

    /// Writes what the face says into a structure of the chain.
    private static func answer(_ place: UnsafeMutableRawPointer, _ face: Face) {
        switch unsafe place.load(as: VkStructureType.self) {
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES:
            let identity = unsafe place.assumingMemoryBound(to: VkPhysicalDeviceIDProperties.self)
            unsafe withUnsafeMutableBytes(of: &identity.pointee.deviceUUID) { bytes in
                for index in bytes.indices { unsafe bytes[index] = face.uuid }
            }
            unsafe identity.pointee.deviceLUIDValid = face.luid == nil ? 0 : 1
            unsafe identity.pointee.deviceLUID.0 = face.luid ?? 0
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT:
            let bus = unsafe place.assumingMemoryBound(to: VkPhysicalDevicePCIBusInfoPropertiesEXT.self)
            unsafe (bus.pointee.pciBus, bus.pointee.pciDevice) = face.pci ?? (0, 0)
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES:
            let driver = unsafe place.assumingMemoryBound(to: VkPhysicalDeviceDriverProperties.self)
            unsafe driver.pointee.driverID = face.driver
            unsafe (driver.pointee.conformanceVersion.major, driver.pointee.conformanceVersion.minor) = face.conformance
            unsafe withUnsafeMutableBytes(of: &driver.pointee.driverName) { unsafe $0.copyBytes(from: Array(face.name.utf8) + [0]) }
            unsafe driver.pointee.driverInfo.0 = 0
        default: break
        }
    }
}

/// A GPU that two drivers show is listed once, under the better one, and the other one is named.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct TwinDriverTests {
    /// `[(id, left out)]` of what `opsin devices` lists, the CPU apart.
    private func listed(_ faces: [Twin.Face]) throws -> [(id: String, others: [String])] {
        Opsin.Device.all { () throws(VulkanError) in try Twin.instance(faces) }.dropFirst().map { device in
            (device.id, device.otherDrivers.map { "\($0.id): \($0.driver): \($0.reason)" })
        }
    }

    private let radv = Twin.Face(driver: VK_DRIVER_ID_MESA_RADV, name: "radv", pci: (3, 0))
    private let amdvlk = Twin.Face(driver: VK_DRIVER_ID_AMD_OPEN_SOURCE, name: "AMDVLK", pci: (3, 0))

    @Test func theBetterDriverIsListedWhicheverComesFirst() throws {
        for (faces, best, other) in [([radv, amdvlk], "vulkan:0", "vulkan:1"), ([amdvlk, radv], "vulkan:1", "vulkan:0")] {
            let list = try listed(faces)
            #expect(list.map(\.id) == [best])
            #expect(list.first?.others == ["\(other): AMDVLK: RADV is preferred to AMDVLK"])
        }
    }

    @Test func conformanceComesBeforeVersionAndVersionBeforeHabit() throws {
        var (a, b) = (radv, amdvlk)
        (a.conformance, a.api) = ((0, 0), 1 << 22 | 3 << 12)
        b.api = 1 << 22 | 2 << 12
        #expect(try listed([a, b]).first?.others == ["vulkan:0: radv: it names no conformance tests that it passed"])
        (a.conformance, a.api) = ((1, 2), 1 << 22 | 3 << 12)
        #expect(try listed([a, b]).first?.others == ["vulkan:0: radv: it passed the conformance tests of 1.2 only, not 1.3"])
        (a.conformance, a.api, b.api) = ((1, 3), 1 << 22 | 2 << 12, 1 << 22 | 3 << 12 | 5)
        #expect(try listed([a, b]).first?.others == ["vulkan:0: radv: it has Vulkan 1.2.0, not 1.3.5"])
        let dozen = Twin.Face(driver: VK_DRIVER_ID_MESA_DOZEN, name: "Dozen", conformance: (1, 3), pci: (3, 0))
        #expect(try listed([dozen, b]).first?.others == ["vulkan:0: Dozen: it translates to Direct3D 12, unlike AMDVLK"])
    }

    /// The place on the bus decides where both say it, then the system's number, then the UUID.
    @Test func whatMakesTwoDevicesOne() throws {
        var (a, b) = (radv, amdvlk)
        b.pci = (4, 0)
        #expect(try listed([a, b]).count == 2)
        (a.uuid, b.uuid, b.pci) = (1, 2, (3, 0))
        #expect(try listed([a, b]).count == 1)
        b.pci = nil
        #expect(try listed([a, b]).count == 2)
        b.uuid = 1
        #expect(try listed([a, b]).count == 1)
        (a.luid, b.luid) = (5, 6)
        #expect(try listed([a, b]).count == 2)
        (b.luid, b.uuid) = (5, 9)
        #expect(try listed([a, b]).count == 1)
        // No UUID is no identity, and 0000:00:00.0 is no place.
        (a.luid, b.luid, a.uuid, b.uuid, a.pci, b.pci) = (nil, nil, 0, 0, (0, 0), (0, 0))
        #expect(try listed([a, b]).count == 2)
    }

    @Test func oneDriverThatTwoManifestsNameIsListedOnce() throws {
        let list = try listed([radv, radv, amdvlk])
        #expect(list.map(\.id) == ["vulkan:0"])
        #expect(list.first?.others == ["vulkan:1: radv: it is the same driver again", "vulkan:2: AMDVLK: RADV is preferred to AMDVLK"])
    }

    /// `auto` and a UUID take the better driver, a number takes what it names.
    @Test func theOtherDriverCanBeAskedFor() throws {
        let instance = try Twin.instance([amdvlk, radv])
        #expect(try instance.choose(.auto) == 1)
        #expect(try instance.choose(.uuid("07070707")) == 1)
        #expect(try instance.choose(.index(0)) == 0)
        #expect(judge(instance.devices, for: .best)[0].reason == "it is vulkan:1 under another driver, AMDVLK: RADV is preferred to AMDVLK")
    }

    @Test func theJSONNamesWhatIsLeftOut() throws {
        let text = Opsin.Device.jsonText(Opsin.Device.all { () throws(VulkanError) in try Twin.instance([radv, amdvlk]) })
        #expect(text.contains(#""other_drivers": [{"id": "vulkan:1", "driver": "AMDVLK", "reason": "RADV is preferred to AMDVLK"}]"#))
        #expect(!text.contains(#""id": "vulkan:1", "name""#))
    }
}
