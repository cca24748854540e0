internal import CKernels
package import OpsinGraph

extension Attention: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let q = node.inputs[0].shape, k = node.inputs[1].shape, v = node.inputs[2].shape
        let rows = q.h * q.w * (heads / keyValueHeads), pairs = q.n * keyValueHeads
        let tile = opsin_attention_tile(plan.isa.c)
        let block = attentionBlock(rows: rows, pairs: pairs, plan)
        var arguments = unsafe opsin_attention_arguments(
            q: plan.pointer(node.inputs[0]), k: plan.pointer(node.inputs[1]), v: plan.pointer(node.inputs[2]), y: plan.pointer(node.output),
            images: q.n, queries: q.h * q.w, keys: k.h * k.w, heads: heads, key_value_heads: keyValueHeads,
            head_size: q.c / heads, value_size: v.c / keyValueHeads, block: block, scale: scale,
            windows: opsin_attention_windows(), half_q: plan.isHalf(node.inputs[0]), half_k: plan.isHalf(node.inputs[1]), half_v: plan.isHalf(node.inputs[2]),
            half_y: plan.isHalf(node.output))
        return [unsafe attentionStep(&arguments, node.output, tasks: pairs * tasks(rows, each: block), kernel: "attention \(tile)x", plan)]
    }
}

/// The step of arguments that are complete, with bf16 factors in bf16.
func attentionStep(
    _ arguments: inout opsin_attention_arguments, _ output: Value, tasks: Int, kernel: String, _ plan: any CPULowering
) -> CPUStep {
    if plan.precision == .bf16, !plan.requiresFloat32(output) {
        let scratch = unsafe opsin_attention_bf16_scratch(&arguments)
        return unsafe CPUStep(opsin_attention_bf16(), arguments, tasks: tasks, scratchBytes: scratch, kernel: "\(kernel) \(plan.isa.rawValue) bf16")
    }
    let scratch = unsafe opsin_attention_scratch(&arguments)
    return unsafe CPUStep(opsin_attention(plan.isa.c), arguments, tasks: tasks, scratchBytes: scratch, kernel: "\(kernel) \(plan.isa.rawValue)")
}

/// How many rows one task takes. Large blocks share the packing of the keys; every thread should get at least two tasks.
func attentionBlock(rows: Int, pairs: Int, _ plan: any CPULowering) -> Int {
    let tile = opsin_attention_tile(plan.isa.c)
    var block = tile * tasks(384, each: tile)
    while block > tile, pairs * tasks(rows, each: block) < 2 * plan.threads { block = tile * tasks(block / 2, each: tile) }
    return block
}
