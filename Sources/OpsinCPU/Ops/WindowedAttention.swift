package import OpsinGraph

private import CKernels

extension WindowedAttention: CPUOp {
    /// The kernel of Attention, with windows: tasks are blocks of queries of one window and head.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let q = node.output.shape, tokens = windowHeight * windowWidth, headSize = q.c / heads
        let down = q.h / windowHeight, across = q.w / windowWidth, pairs = q.n * down * across * heads
        let block = attentionBlock(rows: tokens, pairs: pairs, plan)
        // The kernel reads tables in vectors, so behind the last value too.
        let bias = unsafe positionBias.map { unsafe plan.parameters($0 + [Float](repeating: 0, count: 16)) }
        var arguments = unsafe opsin_attention_arguments(
            q: plan.pointer(node.inputs[0]), k: plan.pointer(node.inputs[1]), v: plan.pointer(node.inputs[2]), y: plan.pointer(node.output),
            images: q.n, queries: tokens, keys: tokens, heads: heads, key_value_heads: heads, head_size: headSize, value_size: headSize, block: block,
            scale: scale, windows: opsin_attention_windows(columns: windowWidth, across: across, bias: bias),
            half_q: plan.isHalf(node.inputs[0]), half_k: plan.isHalf(node.inputs[1]), half_v: plan.isHalf(node.inputs[2]), half_y: plan.isHalf(node.output))
        let kernel = "attention \(windowHeight)x\(windowWidth) windows \(opsin_attention_tile(plan.isa.c))x"
        return [unsafe attentionStep(&arguments, node.output, tasks: pairs * tasks(tokens, each: block), kernel: kernel, plan)]
    }
}
