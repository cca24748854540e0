internal import CKernels
internal import OpsinGraph

/// A plan for the ops that one op consists of: the outer values live where the op's own do, those between in workspaces.
@safe final class SubgraphLowering: CPULowering {
    private let plan: any CPULowering
    private let outer: [Int: Value]
    private var inner: [Int: UnsafeMutablePointer<Float>] = unsafe [:]

    private init(_ plan: any CPULowering, outer: [Int: Value]) { (self.plan, self.outer) = (plan, outer) }

    /// The steps of `graph`, whose inputs and output are those of `node`, in their order.
    static func steps(_ graph: Graph, as node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        var outer: [Int: Value] = [:]
        for (port, value) in zip(graph.inputs, node.inputs) { outer[port.value.index] = value }
        for port in graph.outputs { outer[port.value.index] = node.output }
        let lowering = SubgraphLowering(plan, outer: outer)
        var steps: [CPUStep] = []
        for node in graph.nodes { steps += try node.op.lower(node, lowering) }
        return steps
    }

    var isa: ISA { plan.isa }
    var precision: CPUPrecision { plan.precision }
    var threads: Int { plan.threads }

    func pointer(_ value: Value) -> UnsafeMutablePointer<Float> {
        if let value = outer[value.index] { return unsafe plan.pointer(value) }
        if let place = unsafe inner[value.index] { return unsafe place }
        let place = unsafe plan.workspace(count: value.shape.count)
        unsafe inner[value.index] = place
        return unsafe place
    }

    func requiresFloat32(_ value: Value) -> Bool { outer[value.index].map(plan.requiresFloat32) ?? false }

    func packed(_ key: String, count: Int, make: (UnsafeMutablePointer<Float>) -> Void) -> UnsafePointer<Float> {
        unsafe plan.packed(key, count: count, make: make)
    }

    func runNow(_ run: opsin_task_fn, _ arguments: UnsafeRawPointer, tasks: Int, byteCount: Int) {
        unsafe plan.runNow(run, arguments, tasks: tasks, byteCount: byteCount)
    }

    func parameters(_ values: [Float]) -> UnsafePointer<Float> { unsafe plan.parameters(values) }

    func workspace(count: Int) -> UnsafeMutablePointer<Float> { unsafe plan.workspace(count: count) }
}
