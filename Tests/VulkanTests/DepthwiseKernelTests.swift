import OpsinGraph
import OpsinVulkan
import Testing

/// The depthwise kernels that the device which is here would not choose, forced onto it, against the CPU backend.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct DepthwiseKernelTests {
    let ops = OpsOnVulkanTests()

    struct Case: Sendable, CustomTestStringConvertible {
        let images: Int
        let side: Int
        let kernel: Int
        let stride: Int
        let dilation: Int
        let channels: Int
        var epilogue = Epilogue(activation: .relu6)

        var testDescription: String { "\(images)x\(side)x\(side + 2)x\(channels), \(kernel)/\(stride)/\(dilation)" }

        var window: SlidingWindow {
            get throws {
                let reach = dilation * (kernel - 1) / 2
                return try SlidingWindow(
                    kernel, stride: stride, dilation: dilation, padding: Padding(top: reach, left: reach, bottom: reach, right: reach))
            }
        }
    }

    /// Every window with both steps; one pixel, one channel, channels that are no quads, maps of more than one tile, images.
    static let cases = [
        Case(images: 1, side: 1, kernel: 3, stride: 1, dilation: 1, channels: 1), Case(images: 2, side: 17, kernel: 3, stride: 2, dilation: 1, channels: 35),
        Case(images: 1, side: 9, kernel: 5, stride: 1, dilation: 1, channels: 36, epilogue: Epilogue(residual: .afterActivation)),
        Case(images: 1, side: 13, kernel: 5, stride: 2, dilation: 1, channels: 17), Case(images: 1, side: 11, kernel: 7, stride: 1, dilation: 1, channels: 8),
        Case(images: 1, side: 10, kernel: 7, stride: 2, dilation: 1, channels: 5),
        Case(images: 2, side: 14, kernel: 3, stride: 1, dilation: 2, channels: 20, epilogue: Epilogue(activation: .silu, residual: .beforeActivation)),
        Case(images: 1, side: 12, kernel: 3, stride: 2, dilation: 3, channels: 4),
    ]

    func agree(_ s: Case, _ kernel: DepthwiseKernel, named name: String) throws {
        let filter = try ops.filter([s.channels, 1, s.kernel, s.kernel], bias: s.channels)
        var op = try DepthwiseConv2D(window: s.window, channels: s.channels, filter: filter)
        let x = try Shape(n: s.images, h: s.side, w: s.side + 2, c: s.channels), y = try op.outputShape(of: [x])
        op.epilogue = s.epilogue
        var options = DeviceOptions(), traits = try OpsOnVulkanTests.device.get().traits
        traits.depthwise = kernel
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        let device = try VulkanHere.device(options), inputs = [x] + (s.epilogue.residual == .none ? [] : [y])
        let kernels = try VulkanPlan.dispatches(of: ops.graph(.depthwiseConv2D(op), inputs), on: device).map(\.kernel)
        #expect(kernels.count == 1 && kernels[0].hasPrefix(name), "\(kernels)")
        try ops.agree(.depthwiseConv2D(op), inputs, on: .success(device))
    }

    @Test(arguments: cases)
    func staged(_ s: Case) throws { try agree(s, .staged, named: "depthwise_staged") }

    /// The kernel of GPUs for small windows, which llvmpipe takes only for windows that it cannot hand round.
    @Test(arguments: cases[1...3])
    func direct(_ s: Case) throws { try agree(s, .direct, named: "depthwise_conv2d") }

    /// Tiles shrink with a device's shared memory, never above what it has; a window that fits nowhere has none.
    @Test func tilesFitSharedMemory() throws {
        for s in Self.cases {
            for limit in [4 << 10, 16 << 10, 32 << 10, 48 << 10] {
                guard let tile = StagedTile.fitting(try s.window, sharedMemory: limit) else { continue }
                #expect(tile.sharedBytes(try s.window) <= min(limit, StagedTile.mostSharedBytes) && tile.threads >= 4)
            }
        }
        #expect(try StagedTile.fitting(SlidingWindow(3), sharedMemory: 32 << 10) == StagedTile.fitting(SlidingWindow(5), sharedMemory: 32 << 10))
        #expect(try StagedTile.fitting(SlidingWindow(3), sharedMemory: 256) == nil)
        #expect(try StagedTile.pays(SlidingWindow(5), Shape(n: 1, h: 32, w: 32, c: 192)))
        #expect(try !StagedTile.pays(SlidingWindow(3), Shape(n: 1, h: 112, w: 112, c: 64)))
    }
}
