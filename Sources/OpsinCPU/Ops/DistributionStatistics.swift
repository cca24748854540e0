package import OpsinGraph

private import CKernels

extension DistributionStatistics: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape, rows = x.pixels * groups, bins = x.c / groups, strip = rowsPerTask(width: 8 * bins)
        let arguments = unsafe opsin_distribution_statistics_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), rows: rows, bins: bins, top: top, strip: strip)
        return unsafe [
            CPUStep(
                opsin_distribution_statistics(plan.isa.c), arguments, tasks: tasks(rows, each: strip), scratchBytes: (bins + 15) / 16 * 64,
                kernel: "distribution_statistics \(plan.isa.rawValue)")
        ]
    }
}
