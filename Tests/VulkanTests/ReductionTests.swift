import OpsinGraph
import OpsinVulkan
import Testing

/// Sums and maxima of a workgroup, through shared memory and within subgroups of every size.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct ReductionTests {
    /// Workgroups of fewer, as many and more threads than a subgroup has lanes; a NaN anywhere is the maximum.
    @Test(arguments: [(4, 64), (8, 64), (16, 64), (32, 64), (64, 64), (128, 64), (4, 256), (32, 128)])
    func everySubgroupSize(_ s: (Int, Int)) throws {
        let (subgroup, local) = s
        let device = try OpsOnVulkanTests.device.get()
        let shader = ReductionEmulatedShader(local: UInt32(local), subgroup: UInt32(subgroup))
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        for missing in [nil, 0, local - 1] {
            var x = (0..<local).map { Float(($0 * 37) % 101) - 120 }
            if let missing { x[missing] = .nan }
            let source = try upload(x, to: device), target = try device.memory.allocate(local * 8, .readback)
            let dispatch = Dispatch(pipeline, buffers: [source.view, target.view], push: [], groups: GroupCount(1))
            try CommandList(device, [.dispatch(dispatch)]).run(timeoutMilliseconds: 120_000)
            let y = try target.read(Float.self, count: 2 * local), want = (sum: x.reduce(0, +), largest: x.max() ?? 0)
            for i in 0..<local {
                // Small whole numbers: their sums are exact in any order.
                let isRight = missing == nil ? y[2 * i] == want.sum && y[2 * i + 1] == want.largest : y[2 * i].isNaN && y[2 * i + 1].isNaN
                #expect(isRight, "thread \(i) of \(local) in subgroups of \(subgroup): \(y[2 * i]), \(y[2 * i + 1]), expected \(want)")
            }
        }
    }

    /// The norms, softmax and attention both ways, whatever this device would choose.
    @Test(arguments: Reduction.allCases)
    func ops(_ reduction: Reduction) throws {
        let here = try OpsOnVulkanTests.device.get(), ops = OpsOnVulkanTests()
        guard reduction == .memory || here.features.subgroupOperations != 0 else { return }
        let device = Result { try VulkanHere.gpu { $0.reduction = reduction } }
        let weights = (weight: ops.numbers(90, seed: 3), bias: ops.numbers(90, seed: 4)), x = try Shape(n: 2, h: 3, w: 2, c: 90)
        try ops.agree(.layerNorm(LayerNorm(weight: weights.weight, bias: weights.bias, epsilon: 1e-5)), [x], on: device)
        try ops.agree(.groupNorm(GroupNorm(groups: 5, weight: weights.weight, bias: weights.bias, epsilon: 1e-5)), [x], on: device)
        try ops.agree(.rmsNorm(RMSNorm(weight: weights.weight, epsilon: 1e-6)), [x], on: device)
        try ops.agree(.softmax(Softmax()), [x], on: device)
        try ops.agree(.attention(Attention(heads: 1, keyValueHeads: 1, scale: 0.2)), [x, x, x], on: device)
    }

    /// A device takes subgroups where it has them; without them the kernels need none.
    @Test func sharedMemoryStays() throws {
        let here = try OpsOnVulkanTests.device.get()
        var info = here.info, features = here.features
        info.kind = .discrete
        features.subgroupOperations = 0xff
        #expect(KernelTraits(info, features).reduction == .subgroups)
        features.subgroupOperations = 0
        #expect(KernelTraits(info, features).reduction == .memory)
    }
}
