package import OpsinGraph

private import CKernels

extension MultiScaleDeformableAttention: CPUOp {
    /// Tasks are blocks of queries: neighbours look at the same pixels.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let value = node.inputs[0].shape, y = node.output.shape, r = node.inputs[3].shape, queries = y.h * y.w
        let (areBoxes, step) = references(r.c)
        let block = max(1, min(64, queries / (4 * plan.threads)))
        let arguments = unsafe opsin_multi_scale_deformable_attention_arguments(
            value: plan.pointer(node.inputs[0]), offsets: plan.pointer(node.inputs[1]), logits: plan.pointer(node.inputs[2]),
            references: plan.pointer(node.inputs[3]), y: plan.pointer(node.output), table: plan.parameters(table), images: y.n, queries: queries,
            tokens: tokens, heads: heads, size: value.c / heads, points: points, reference_stride: r.c, reference_step: step, boxes: areBoxes,
            repeated: r.n == 1, block: block)
        return unsafe [
            CPUStep(
                opsin_multi_scale_deformable_attention(plan.isa.c), arguments, tasks: y.n * tasks(queries, each: block),
                scratchBytes: opsin_multi_scale_deformable_attention_scratch(points), kernel: "multi_scale_deformable_attention \(plan.isa.rawValue)")
        ]
    }

    /// What the kernel knows of each point, in the order of its rows; points that only fill up a vector are on a map of one pixel.
    private var table: [Float] {
        let fill = tasks(points, each: 16) * 16 - points
        var rows: [[Float]] = [[], [], [], [], []]
        var first = 0
        for (index, level) in levels.enumerated() {
            let numbers = [Float(level.width), Float(level.height), Float(first), 0.5 / Float(level.points), Float(index)]
            for (row, number) in numbers.enumerated() { rows[row] += [Float](repeating: number, count: level.points) }
            first += level.height * level.width
        }
        for (row, number) in [Float(1), 1, 0, 0, 0].enumerated() { rows[row] += [Float](repeating: number, count: fill) }
        return rows.flatMap { $0 }
    }
}
