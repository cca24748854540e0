package import CKernels
package import OpsinGraph

/// The place where ops lower themselves: an arena with an offset for every value, and the memory of parameters. Lives as long as its plan.
@safe package final class CPUPlanBuilder: CPULowering {
    package let isa: ISA
    package let precision: CPUPrecision
    package var threads: Int { team.threads }
    package let arena: AlignedMemory
    /// The first memory that could not be had; the plan throws it.
    package private(set) var failure: CPUError?

    private let offsets: [Int?]
    private let views: [Int: ChannelView]
    private let float32Values: Set<Int>
    private let quantizations: [Int: Quantization]
    private let halfValues: Set<Int>
    /// By `Value.index`: the elements of constants and of their views.
    private var constants: [Int: UnsafePointer<Float>] = unsafe [:]
    /// Keeps the bytes that `constants` points at.
    private let keptConstants: [Graph.ConstantValue]
    private let weights: PackedWeights
    private let team: CPUTeam
    private var parameterMemory = MemoryPool(blockBytes: MemoryPool.parameterBlock)

    /// `groups` are the nodes that run as one step.
    package init(_ graph: Graph, groups: [[Int]]? = nil, isa: ISA, precision: CPUPrecision, team: CPUTeam, weights: PackedWeights) throws(CPUError) {
        views = Self.views(of: graph, groups: groups ?? graph.nodes.indices.map { [$0] }, isa: isa, precision: precision)
        let halves = HalfValues.find(graph, precision: precision, views: views), quantizations = graph.quantizations
        let elementBytes = (0..<graph.valueCount).map { quantizations[$0] != nil ? 1 : halves.contains($0) ? 2 : 4 }
        let memory = ActivationMemory(graph, groups: groups, elementBytes: elementBytes, views: views)
        // One page more: kernels may read up to 64 bytes past a value, the last one included.
        arena = try AlignedMemory(byteCount: memory.arenaBytes + 4096)
        (offsets, float32Values, halfValues, self.quantizations) = (memory.offsets, graph.float32Values, halves, quantizations)
        (self.isa, self.precision, self.team, self.weights, keptConstants) = (isa, precision, team, weights, graph.constants)
        let places = unsafe graph.constants.map { unsafe $0.constant.alignedFloats ?? parameters($0.constant.floats()) }
        for (value, position) in memory.constants { unsafe constants[value] = places[position] }
    }

    package func pointer(_ value: Value) -> UnsafeMutablePointer<Float> {
        // Mutable in type only: no op writes to its inputs but in place, which the memory plan rules out for constants.
        if let constant = unsafe constants[value.index] { return unsafe UnsafeMutablePointer(mutating: constant) }
        // A value inside a fused group has no place of its own; its group does not ask.
        let offset = offsets.indices.contains(value.index) ? offsets[value.index] ?? 0 : 0
        return unsafe (arena.base + offset).assumingMemoryBound(to: Float.self)
    }

    package func requiresFloat32(_ value: Value) -> Bool { float32Values.contains(value.index) }

    package func quantization(_ value: Value) -> Quantization? { quantizations[value.index] }
    package func isHalf(_ value: Value) -> Bool { halfValues.contains(value.index) }

    package func layout(_ value: Value) -> PixelLayout {
        views[value.index].map { PixelLayout(pitch: $0.channels, step: $0.step, place: $0.isWritten ? .part : .view) } ?? .dense(value)
    }

    /// The values that lie inside of others in plans of `graph`.
    package static func views(of graph: Graph, groups: [[Int]], isa: ISA, precision: CPUPrecision) -> [Int: ChannelView] {
        // Kernels of bytes know dense maps only.
        ChannelView.find(graph, groups: groups, writes: { $0.op.writesChannels && !graph.touchesBytes($0) }) { node in
            // In bf16 a product rounds whole rows first.
            guard precision != .bf16, !graph.touchesBytes(node), case .conv2D(let op) = node.op else { return false }
            return op.window.isPointwise && !op.isNarrow
        }
    }

    package func packed(_ key: String, count: Int, make: (UnsafeMutablePointer<Float>) -> Void) -> UnsafePointer<Float> {
        unsafe UnsafePointer(
            floats { () throws(CPUError) in
                unsafe try weights.memory(key, byteCount: count * 4 + 64) { place in unsafe make(place.assumingMemoryBound(to: Float.self)) }
            })
    }

    /// Less than this is packed before a sleeping thread has woken.
    private static let leastShared = 256 << 10

    package func runNow(_ run: opsin_task_fn, _ arguments: UnsafeRawPointer, tasks: Int, byteCount: Int) {
        guard threads > 1, tasks > 1, byteCount >= Self.leastShared else { return unsafe run(arguments, 0, tasks, nil) }
        var step = unsafe opsin_step(run: run, arguments: arguments, tasks: tasks)
        unsafe team.run(&step)
    }

    package func parameters(_ values: [Float]) -> UnsafePointer<Float> {
        let padded = (values.count + 15) / 16 * 16 + 16
        let place = unsafe floats { () throws(CPUError) in unsafe try parameterMemory.take(padded * 4) }
        if failure == nil { _ = unsafe UnsafeMutableBufferPointer(start: place, count: padded).update(from: values) }
        return unsafe UnsafePointer(place)
    }

    package func workspace(count: Int) -> UnsafeMutablePointer<Float> {
        unsafe floats { () throws(CPUError) in unsafe try parameterMemory.take(count * 4 + 64) }
    }

    /// What `take` gives. When there is no memory the failure is remembered, and the arena, which nobody runs then, stands in.
    private func floats(_ take: () throws(CPUError) -> UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
        do {
            return unsafe try take().assumingMemoryBound(to: Float.self)
        } catch {
            failure = failure ?? error
            return unsafe arena.floats
        }
    }
}

extension Op {
    /// Whether the op's kernels can write pixels that lie apart.
    fileprivate var writesChannels: Bool {
        switch self {
        case .conv2D(let op): op.epilogue.residual == .none && !op.isNarrow
        case .depthwiseConv2D(let op): op.epilogue.residual == .none
        case .linear(let op): op.epilogue.residual == .none
        case .resize: true
        case .slice(let op): op.axis == .c
        default: false
        }
    }
}
