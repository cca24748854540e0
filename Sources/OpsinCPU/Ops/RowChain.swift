private import CKernels
package import OpsinGraph

/// Convolutions, pointwise, dense and depthwise, each of which alone reads the one before, as one step: strip by strip, so that the rows between them stay in
/// the cache. That is a stem with what follows, and an inverted bottleneck.
package struct RowChain {
    /// From how many elements on a map between two ops is worth it: below, it stays in the second-level cache anyway (AMD EPYC 9005, 1 MiB).
    private static let leastElements = 256 << 10
    /// The same behind a pointwise product, whose sums hide what the way to the third-level cache takes: 2 MB no faster, 5 to 10 MB 7 to 17 %.
    private static let leastExpandedElements = 1 << 20
    /// The same in bf16, where the product takes half as long and the way to memory a larger part: what was read and written before is no longer in cache.
    private static let leastExpandedHalves = 384 << 10
    /// Most bytes of rows that a thread holds; more where channels are cut too.
    private static let mostRowBytes = 640 << 10
    private static let mostGroupBytes = 900 << 10
    /// Rows of the last map that are computed together: the first of these that fits.
    private static let blocks = [8, 4, 2, 1]

    private let nodes: [Graph.Node]
    private let block: Int
    /// Parts that the channels of an expansion and its depthwise convolution are cut into, where whole rows of them do not fit into the cache.
    private let groups: Int

    /// Nil when no cut of rows, or of channels, fits into the cache.
    private init?(_ nodes: [Graph.Node], isa: ISA, precision: CPUPrecision) {
        self.nodes = nodes
        for block in Self.blocks where Self.rowBytes(nodes, block: block, precision: precision) <= Self.mostRowBytes {
            (self.block, groups) = (block, 1)
            return
        }
        guard nodes.count == 2, case .conv2D(let product) = nodes[0].op, product.window.isPointwise, nodes[0].inputs.count == 1,
            case .depthwiseConv2D = nodes[1].op, nodes[1].inputs.count == 1
        else { return nil }
        let x = nodes[0].output.shape
        var shape = opsin_gemm_plan(isa.c, precision == .bf16, x.pixels, x.c, product.inputChannels, nil)
        for block in Self.blocks {
            let channelBytes = Self.rowBytes(nodes, block: block, precision: precision) / x.c
            let groups = unsafe opsin_row_chain_groups(&shape, x.c, Self.mostGroupBytes / max(channelBytes, 1))
            guard groups > 0 else { continue }
            (self.block, self.groups) = (block, groups)
            return
        }
        return nil
    }

    /// Bytes of the rows between `nodes` that live at a time.
    private static func rowBytes(_ nodes: [Graph.Node], block: Int, precision: CPUPrecision) -> Int {
        var rows = block, sum = 0
        for (node, before) in zip(nodes.dropFirst(), nodes).reversed() {
            guard let window = node.op.chainedWindow else { continue }
            rows = min((rows - 1) * window.strideY + window.height, before.output.shape.h)
            sum += rows * before.output.shape.w * before.output.shape.c * (precision == .bf16 ? 2 : 4)
        }
        return sum
    }

    /// The nodes of `graph` in groups that run as one: chains where they gain, single nodes elsewhere.
    package static func groups(_ graph: Graph, isa: ISA, precision: CPUPrecision) -> [[Int]] {
        var readers = [[Int]](repeating: [], count: graph.valueCount)
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputs { readers[input.index].append(index) }
        }
        let outputs = Set(graph.outputs.map(\.value.index))
        let slices = Set(graph.nodes.filter { if case .slice = $0.op { true } else { false } }.map(\.output.index))
        // A Concat's part is better written in its place, and a Slice read in its own.
        func canTakePart(_ node: Graph.Node) -> Bool {
            guard node.op.chainedWindow != nil, !graph.touchesBytes(node), !graph.requiresFloat32(node.output), !slices.contains(node.inputs[0].index) else {
                return false
            }
            return !readers[node.output.index].contains { if case .concat = graph.nodes[$0].op { true } else { false } }
        }
        func canFollow(_ index: Int, _ chain: [Int]) -> Bool {
            let node = graph.nodes[index], before = graph.nodes[index - 1], x = before.output
            let leastExpanded = precision == .bf16 ? leastExpandedHalves : leastExpandedElements
            let least = before.op.chainedWindow?.isPointwise ?? false ? leastExpanded : leastElements
            return chain.count < Int(OPSIN_CHAIN_MOST) && x.shape.count / x.shape.n >= least && readers[x.index] == [index] && node.inputs.first == x
                && !outputs.contains(x.index) && canTakePart(node)
                && Self((chain + [index]).map { graph.nodes[$0] }, isa: isa, precision: precision) != nil
        }
        var groups: [[Int]] = []
        var index = 0
        while index < graph.nodes.count {
            var group = [index]
            index += 1
            while index < graph.nodes.count, canTakePart(graph.nodes[group[0]]), canFollow(index, group) {
                group.append(index)
                index += 1
            }
            groups.append(group)
        }
        return groups
    }

    /// The chain of a group of `groups`; nil for a single node.
    package init?(_ graph: Graph, group: [Int], isa: ISA, precision: CPUPrecision) {
        guard group.count > 1 else { return nil }
        self.init(group.map { graph.nodes[$0] }, isa: isa, precision: precision)
    }

    /// The chain as one step.
    package func step(_ plan: any CPULowering) -> CPUStep {
        let y = output, room = unsafe nodes.count * MemoryLayout<opsin_chain_stage>.stride
        let stages = unsafe UnsafeMutableRawPointer(plan.workspace(count: (room + 3) / 4)).bindMemory(to: opsin_chain_stage.self, capacity: nodes.count)
        for (index, node) in nodes.enumerated() { unsafe (stages + index).initialize(to: node.stage(plan)) }
        // Neighbouring strips both compute the rows between them. As many for each thread, where the map is high enough.
        let most = max(1, min(2 * plan.threads, y.h / 8))
        let strips = plan.threads == 1 ? 1 : most > plan.threads ? most / plan.threads * plan.threads : most
        var arguments = unsafe opsin_row_chain_arguments(stages: stages, count: nodes.count, images: y.n, strips: strips, block: block, groups: groups)
        let scratch = unsafe opsin_row_chain_scratch(&arguments)
        let half = plan.precision == .bf16 ? " bf16" : ""
        return unsafe CPUStep(
            opsin_row_chain, arguments, tasks: y.n * strips * groups, scratchBytes: scratch,
            kernel: "rows \(block)\(groups > 1 ? " of \(groups)" : "") \(plan.isa.rawValue)\(half)")
    }

    /// All ops' work, without the way of the maps between them to memory and back.
    package var cost: Cost {
        var cost = nodes.reduce(Cost()) { $0 + $1.cost }
        for node in nodes.dropLast() {
            cost.readElements -= node.output.shape.count
            cost.writtenElements -= node.output.shape.count
        }
        return cost
    }

    package var name: String { nodes[nodes.count - 1].name }
    package var output: Shape { nodes[nodes.count - 1].output.shape }
    /// What reports call the step: `Chain of 3`.
    package var op: String { "Chain of \(nodes.count)" }
}

extension Graph.Node {
    /// The op as a stage of a chain.
    fileprivate func stage(_ plan: any CPULowering) -> opsin_chain_stage {
        let x = inputs[0], xPixel = plan.layout(x).pitch * (plan.isHalf(x) ? 2 : 4), yPixel = plan.layout(output).pitch * (plan.isHalf(output) ? 2 : 4)
        var stage = unsafe opsin_chain_stage()
        unsafe (stage.input_height, stage.input_row_bytes) = (x.shape.h, x.shape.w * xPixel)
        unsafe (stage.height, stage.width, stage.row_bytes) = (output.shape.h, output.shape.w, output.shape.w * yPixel)
        switch op {
        case .conv2D(let convolution):
            let (product, bf16) = unsafe convolution.product(self).arguments(plan)
            unsafe (stage.product, stage.task) = (product, opsin_gemm(plan.isa.c, bf16))
        case .depthwiseConv2D(let convolution):
            unsafe stage.is_depthwise = true
            unsafe stage.depthwise = convolution.arguments(self, plan)
            unsafe stage.depthwise.chunks = 1
            unsafe stage.task = plan.isHalf(x) ? opsin_depthwise_conv2d_bf16() : opsin_depthwise_conv2d(plan.isa.c)
        default: break
        }
        return unsafe stage
    }
}

extension Op {
    /// The window of an op that can be part of a chain.
    fileprivate var chainedWindow: SlidingWindow? {
        let window: SlidingWindow
        switch self {
        // Dense windows at step 1 have a kernel of their own (Winograd).
        case .conv2D(let op) where !op.hasGate && !op.isNarrow && (op.window.isPointwise || op.window.strideY > 1): window = op.window
        case .depthwiseConv2D(let op): window = op.window
        default: return nil
        }
        return window.dilationX == 1 && window.dilationY == 1 ? window : nil
    }
}
