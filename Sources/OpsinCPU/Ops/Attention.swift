package import OpsinGraph

private import CKernels

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
            windows: opsin_attention_windows())
        let scratch = unsafe opsin_attention_scratch(&arguments)
        let count = pairs * tasks(rows, each: block)
        return unsafe [CPUStep(opsin_attention(plan.isa.c), arguments, tasks: count, scratchBytes: scratch, kernel: "attention \(tile)x \(plan.isa.rawValue)")]
    }
}

/// How many rows one task takes. Large blocks share the packing of the keys; every thread should get at least two tasks.
func attentionBlock(rows: Int, pairs: Int, _ plan: any CPULowering) -> Int {
    let tile = opsin_attention_tile(plan.isa.c)
    var block = tile * tasks(384, each: tile)
    while block > tile, pairs * tasks(rows, each: block) < 2 * plan.threads { block = tile * tasks(block / 2, each: tile) }
    return block
}
