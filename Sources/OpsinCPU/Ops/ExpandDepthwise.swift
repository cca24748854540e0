private import CKernels
package import OpsinGraph

/// A pointwise convolution and the depthwise one that alone reads it, as one step that keeps the expanded rows in the cache: what backends may do with an
/// inverted bottleneck.
package struct ExpandDepthwise {
    /// From how many elements on the expanded tensor is worth it: below, it stays in the second-level cache anyway (AMD EPYC 9005, 1 MiB: 1 MB and 2 MB
    /// of fp32 no faster, 5 to 10 MB 7 to 17 %).
    private static let leastElements = 1 << 20
    /// The same in bf16, where the product takes half as long and the way to memory a larger part: what was read and written before is no longer in cache.
    private static let leastHalves = 384 << 10
    /// Most bytes of expanded rows that a thread holds.
    private static let mostBlockBytes = 900 << 10

    private let expand: Graph.Node
    private let depthwise: Graph.Node
    private let product: Conv2D
    private let convolution: DepthwiseConv2D

    /// Output rows and channels that are computed together.
    private let block: Int
    private let channels: Int

    /// Nil when the nodes are no such pair, too small to gain, or when no cut of rows and channels fits into the cache.
    private init?(_ expand: Graph.Node, _ depthwise: Graph.Node, _ isa: ISA, _ precision: CPUPrecision) {
        let bytes = precision == .bf16 ? 2 : 4  // of an element of the expanded rows
        guard case .conv2D(let product) = expand.op, product.window.isPointwise, product.inputCount == 1...1,
            case .depthwiseConv2D(let convolution) = depthwise.op, convolution.epilogue.residual == .none,
            convolution.window.dilationX == 1, convolution.window.dilationY == 1, depthwise.inputs == [expand.output],
            expand.output.shape.count / expand.output.shape.n >= (precision == .bf16 ? Self.leastHalves : Self.leastElements)
        else { return nil }
        let x = expand.output.shape, window = convolution.window
        var shape = opsin_gemm_plan(isa.c, precision == .bf16, x.pixels, x.c, product.inputChannels, nil)
        for block in [4, 2, 1] {
            let most = Self.mostBlockBytes / (((block - 1) * window.strideY + window.height) * x.w * bytes)
            let channels = unsafe opsin_expand_depthwise_channels(&shape, x.c, most)
            guard channels > 0 else { continue }
            (self.expand, self.depthwise, self.product, self.convolution) = (expand, depthwise, product, convolution)
            (self.block, self.channels) = (block, channels)
            return
        }
        return nil
    }

    /// The nodes of `graph` in groups that run as one: pairs where they gain, single nodes elsewhere.
    package static func groups(_ graph: Graph, isa: ISA, precision: CPUPrecision) -> [[Int]] {
        var groups: [[Int]] = []
        var index = 0
        while index < graph.nodes.count {
            let next = index + 1
            if next < graph.nodes.count, !graph.touchesBytes(graph.nodes[index]), !graph.touchesBytes(graph.nodes[next]),
                !graph.requiresFloat32(graph.nodes[index].output),
                Self(graph.nodes[index], graph.nodes[next], isa, precision) != nil, isRead(graph, index, onlyBy: next)
            {
                groups.append([index, next])
            } else {
                groups.append([index])
            }
            index += groups.last?.count ?? 1
        }
        return groups
    }

    /// The pair of a group of `groups`.
    package init?(_ graph: Graph, group: [Int], isa: ISA, precision: CPUPrecision) {
        guard group.count == 2 else { return nil }
        self.init(graph.nodes[group[0]], graph.nodes[group[1]], isa, precision)
    }

    private static func isRead(_ graph: Graph, _ producer: Int, onlyBy reader: Int) -> Bool {
        let value = graph.nodes[producer].output
        guard !graph.outputs.contains(where: { $0.value == value }) else { return false }
        return graph.nodes.indices.allSatisfy { $0 == reader || !graph.nodes[$0].inputs.contains(value) }
    }

    /// The pair as one step.
    package func step(_ plan: any CPULowering) -> CPUStep {
        let y = depthwise.output.shape
        let (rows, bf16) = unsafe Product(
            x: expand.inputs[0], y: expand.output, residual: nil, filter: product.filter, epilogue: product.epilogue, window: nil, name: expand.name
        ).arguments(plan)
        var windows = unsafe convolution.arguments(depthwise, plan)
        unsafe windows.chunks = 1
        // Neighbouring strips both compute the rows between them. As many for each thread, where the map is high enough.
        let most = max(1, min(2 * plan.threads, y.h / 8))
        let strips = plan.threads == 1 ? 1 : most > plan.threads ? most / plan.threads * plan.threads : most
        var arguments = unsafe opsin_expand_depthwise_arguments(
            expand: rows, depthwise: windows, expand_task: opsin_gemm(plan.isa.c, bf16),
            depthwise_task: plan.isHalf(expand.output) ? opsin_depthwise_conv2d_bf16() : opsin_depthwise_conv2d(plan.isa.c),
            strips: strips, block: block, channels: channels)
        let scratch = unsafe opsin_expand_depthwise_scratch(&arguments)
        return unsafe CPUStep(
            opsin_expand_depthwise, arguments, tasks: y.n * strips * (y.c / channels), scratchBytes: scratch,
            kernel: "expand \(rows.shape.tile_rows)x\(rows.shape.columnsOfPanel) + depthwise \(block)x\(channels) \(plan.isa.rawValue)\(bf16 ? " bf16" : "")")
    }

    /// Both ops' work, without the expanded tensor's way to memory and back.
    package var cost: Cost {
        var cost = expand.cost + depthwise.cost
        cost.readElements -= expand.output.shape.count
        cost.writtenElements -= expand.output.shape.count
        return cost
    }

    package var name: String { depthwise.name }
    package var output: Shape { depthwise.output.shape }
}
