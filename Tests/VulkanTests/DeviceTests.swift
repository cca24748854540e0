import OpsinVulkan
import Testing

@Suite(.enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct DeviceTests {
    /// The ten functions in Double, by the number that `activations.glsl` gives them.
    static let functions: [@Sendable (Double) -> Double] = [
        { $0 }, { max($0, 0) }, { min(max($0, 0), 6) }, { $0 >= 0 ? $0 : 0.01 * $0 }, { $0 * (1 + erf($0 / 2.0.squareRoot())) / 2 },
        { $0 / (1 + exp(-$0)) }, { 1 / (1 + exp(-$0)) }, { $0 * min(max($0 + 3, 0), 6) / 6 }, { min(max($0 + 3, 0), 6) / 6 }, { tanh($0) },
    ]

    @Test func describesItself() throws {
        let device = try VulkanHere.device()
        #expect(!device.info.name.isEmpty)
        #expect(device.info.uuid.count == 16)
        #expect(device.info.apiVersion >= Version(major: 1, minor: 1, patch: 0))
        #expect(device.info.memoryBytes > 0)
        #expect(device.info.limits.maximumStorageRange >= 1 << 27)
    }

    @Test(arguments: 0..<10)
    func computesEveryActivation(_ number: Int) throws {
        let device = try VulkanHere.device()
        let x = (0..<1000).map { Float($0 - 500) / 32 }
        let (source, target) = (try upload(x, to: device), try device.memory.allocate(x.count * 4, .readback))
        try target.write([Float](repeating: .nan, count: x.count))
        let list = try CommandList(device, [.dispatch(try activation(device, UInt32(number), source.view, target.view))])
        try list.run()
        let y = try target.read(Float.self, count: x.count)
        for (got, value) in zip(y, x) {
            let want = DeviceTests.functions[number](Double(value))
            #expect(abs(Double(got) - want) <= 2e-6 * max(1, abs(want)), "f(\(value)) is \(want), got \(got)")
        }
    }

    @Test func computesInHalfPrecisionStorage() throws {
        let device = try VulkanHere.device()
        guard device.features.fp16 else { return }
        let x = (0..<128).map { Float16($0 - 64) / 8 }
        let (source, target) = (try device.memory.allocate(256, .upload), try device.memory.allocate(256, .readback))
        try source.write(x)
        try CommandList(device, [.dispatch(try activation(device, 1, source.view, target.view, storage: .f16))]).run()
        #expect(try target.read(Float16.self, count: 128) == x.map { max($0, 0) })
    }

    /// x -> a -> b -> readback: each step needs the one before it, so three barriers; replayed with other input.
    @Test func replaysAChainWithNewInput() throws {
        let device = try VulkanHere.device()
        let source = try device.memory.allocate(4096, .upload)
        let (a, b) = (try device.memory.allocate(4096, .device), try device.memory.allocate(4096, .device))
        let target = try device.memory.allocate(4096, .readback)
        let list = try CommandList(
            device,
            [
                .dispatch(try activation(device, 2, source.view, a.view)), .dispatch(try activation(device, 1, a.view, b.view)),
                .copy(b.view, to: target.view),
            ], timing: .each)
        #expect(list.barrierCount == 2)
        #expect(list.dispatchCount == 2)
        for run in 1...3 {
            let x = (0..<1024).map { Float(($0 * run) % 17) - 8 }
            try source.write(x)
            try list.run()
            #expect(try target.read(Float.self, count: 1024) == x.map { min(max($0, 0), 6) })
            let times = try list.nanoseconds()
            #expect(times.count == (device.info.limits.timestampPeriod > 0 ? 3 : 0))
            #expect(times.allSatisfy { $0 >= 0 && $0 < 1e10 })
        }
    }

    @Test func independentCommandsNeedNoBarrier() throws {
        let device = try VulkanHere.device()
        let source = try upload([Float](repeating: -1, count: 64), to: device)
        let targets = try (0..<8).map { _ in try device.memory.allocate(256, .readback) }
        let list = try CommandList(device, try targets.map { .dispatch(try activation(device, 1, source.view, $0.view)) })
        #expect(list.barrierCount == 0)
        try list.run()
        for target in targets { #expect(try target.read(Float.self, count: 64) == [Float](repeating: 0, count: 64)) }
    }

    @Test func refusesWhatDoesNotFit() throws {
        let device = try VulkanHere.device()
        let buffer = try device.memory.allocate(256, .upload)
        let pipeline = try device.pipelines.pipeline(PipelineRequest(ActivationShader(storage: .f32, function: 0, quads: 1)))
        let outside = BufferView(buffer: buffer, offset: 256, byteCount: 4096)
        let bad: [(Dispatch, VulkanError.Code)] = [
            (Dispatch(pipeline, buffers: [buffer.view], push: [1], groups: GroupCount(1)), .argument),
            (Dispatch(pipeline, buffers: [buffer.view, buffer.view], push: [], groups: GroupCount(1)), .argument),
            (Dispatch(pipeline, buffers: [buffer.view, outside], push: [1], groups: GroupCount(1)), .argument),
            (Dispatch(pipeline, buffers: [buffer.view, buffer.view], push: [1], groups: GroupCount(0)), .unsupported),
            (Dispatch(pipeline, buffers: [buffer.view, buffer.view], push: [1], groups: GroupCount(1, 1, 1 << 40)), .unsupported),
        ]
        for (dispatch, code) in bad {
            #expect { try CommandList(device, [.dispatch(dispatch)]) } throws: { ($0 as? VulkanError)?.code == code }
        }
        #expect { try device.memory.allocate(Int.max, .device) } throws: { ($0 as? VulkanError)?.code == .outOfMemory }
        #expect { try device.memory.allocate(-1, .device) } throws: { ($0 as? VulkanError)?.code == .outOfMemory }
        #expect { try buffer.read(Float.self, count: 65) } throws: { ($0 as? VulkanError)?.code == .argument }
        #expect { try device.pipelines.pipeline(PipelineRequest(spirv: pipeline.spirv, constants: [1])) } throws: { ($0 as? VulkanError)?.code == .argument }
    }

    @Test func switchedOffFeaturesAreOff() throws {
        var options = DeviceOptions()
        options.disabled = [.fp16, .int8, .subgroups]
        let device = try VulkanHere.device(options)
        #expect(!device.features.fp16 && !device.features.int8 && device.features.subgroupOperations == 0)
        #expect {
            try device.pipelines.pipeline(PipelineRequest(ActivationShader(storage: .f16, function: 0, quads: 1)))
        } throws: { ($0 as? VulkanError)?.description.contains("fp16 storage") == true }
    }

    @Test func makesPipelinesInParallelOnce() throws {
        let device = try VulkanHere.device()
        let requests = (0..<20).map { PipelineRequest(ActivationShader(storage: .f32, function: UInt32($0 % 10), quads: 1)) }
        let made = try device.pipelines.pipelines(requests)
        #expect(Set(made.map(ObjectIdentifier.init)).count == 10)
        #expect(zip(made, try device.pipelines.pipelines(requests)).allSatisfy { $0 === $1 })
    }

    @Test func keepsPipelinesOnDisk() throws {
        let folder = temporaryFolder()
        var options = DeviceOptions()
        options.cacheFolder = folder
        let request = PipelineRequest(ActivationShader(storage: .f32, function: 3, quads: 1))
        let cold = try VulkanHere.device(options)
        #expect(!cold.pipelines.isWarm)
        _ = try cold.pipelines.pipeline(request)
        let file = PipelineCacheFile(folder: folder, device: cold.info, shaders: Shaders.hash)
        guard file.load().data != nil else { return }
        let warm = try VulkanHere.device(options)
        #expect(warm.pipelines.isWarm && warm.pipelines.cacheDefect == nil)
        overwrite(file.path, with: Array("not a pipeline cache at all, but long enough".utf8))
        let damaged = try VulkanHere.device(options)
        #expect(!damaged.pipelines.isWarm)
        #expect(damaged.pipelines.cacheDefect?.contains("damaged") == true)
        _ = try damaged.pipelines.pipeline(request)
        #expect(file.load().data != nil)
    }

    @Test func featuresPassTheirSelfTest() throws {
        let device = try VulkanHere.device()
        #expect(SelfTest.run(device).isEmpty)
    }

    @Test func distrustsWhatIsKnownToFail() throws {
        var options = DeviceOptions()
        options.cacheFolder = temporaryFolder()
        let instance = try VulkanInstance(loader: LoaderFunctions())
        let index = try instance.choose(.best)
        let first = try Device.open(instance, index: index, options: options)
        #expect(first.options.distrusted.isEmpty)
        let file = VerdictFile(folder: options.cacheFolder ?? "", device: first.info, shaders: Shaders.hash)
        #expect(file.load() == [:])
        file.save([.fp16: "self-test element 3 is 1,\nexpected 2"])
        let second = try Device.open(instance, index: index, options: options)
        #expect(!second.features.fp16)
        #expect(second.options.distrusted == [.fp16: "self-test element 3 is 1, expected 2"])
        overwrite(file.path, with: [1, 2, 3])
        #expect(try Device.open(instance, index: index, options: options).features.fp16 == first.features.fp16)
    }
}
