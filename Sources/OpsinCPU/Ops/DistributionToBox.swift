package import OpsinGraph

private import CKernels

extension DistributionToBox: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let shape = node.output.shape, strip = rowsPerTask(width: 32 * distances.count)
        let arguments = unsafe opsin_distribution_to_box_arguments(
            x: plan.pointer(node.inputs[0]), boxes: plan.pointer(node.inputs[1]), y: plan.pointer(node.output), distances: plan.parameters(distances),
            rows: shape.pixels, bins: distances.count, strip: strip, scale: scale)
        return unsafe [
            CPUStep(
                opsin_distribution_to_box(plan.isa.c), arguments, tasks: tasks(shape.pixels, each: strip),
                kernel: "distribution_to_box \(plan.isa.rawValue)")
        ]
    }
}
