package import OpsinGraph

private import CKernels

extension GroupNorm: CPUOp {
    /// Three steps, so that one image with one group still has work for every thread: statistics of strips, their union, the result.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let shape = node.output.shape, pixels = shape.h * shape.w
        // Both passes over a strip should find it in the cache of a core.
        let strip = max(1, 32768 / shape.c), strips = tasks(pixels, each: strip), padded = (shape.c + 15) / 16 * 16
        let arguments = unsafe opsin_group_norm_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), weight: plan.parameters(weight), bias: plan.parameters(bias),
            sums: plan.workspace(count: shape.n * strips * 2 * padded), affine: plan.workspace(count: shape.n * 2 * padded),
            images: shape.n, pixels: pixels, channels: shape.c, groups: groups, strip: strip, epsilon: epsilon)
        let isa = plan.isa
        return unsafe [
            CPUStep(opsin_group_norm_sums(isa.c), arguments, tasks: shape.n * strips, kernel: "group_norm_sums \(isa.rawValue)"),
            CPUStep(opsin_group_norm_affine(isa.c), arguments, tasks: shape.n * groups, kernel: "group_norm_affine \(isa.rawValue)"),
            CPUStep(opsin_group_norm_apply(isa.c), arguments, tasks: shape.n * strips, kernel: "group_norm_apply \(isa.rawValue)"),
        ]
    }
}
