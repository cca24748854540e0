package import OpsinGraph

private import CKernels

extension TopKGather: CPUOp {
    /// Three steps: keys of all tokens, the best of each image in a heap, their rows.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let scores = node.inputs[0].shape, rows = node.inputs[1].shape, tokens = scores.h * scores.w, strip = 256
        let classes =
            switch score {
            case .best: 0..<scores.c
            case .class(let index): index..<index + 1
            }
        // Two words a candidate: the key and the token.
        let keys = unsafe UnsafeMutableRawPointer(plan.workspace(count: scores.n * tokens)).assumingMemoryBound(to: UInt32.self)
        let best = unsafe UnsafeMutableRawPointer(plan.workspace(count: 2 * scores.n * count)).assumingMemoryBound(to: UInt64.self)
        let arguments = unsafe opsin_top_k_gather_arguments(
            scores: plan.pointer(node.inputs[0]), rows: plan.pointer(node.inputs[1]), y: plan.pointer(node.output), keys: keys, best: best,
            images: scores.n, tokens: tokens, classes: scores.c, count: count, length: rows.c, class_from: classes.lowerBound, class_to: classes.upperBound,
            repeated: rows.n == 1, strip: strip)
        return unsafe [
            CPUStep(opsin_top_k_keys, arguments, tasks: scores.n * tasks(tokens, each: strip), kernel: "top_k_keys"),
            CPUStep(opsin_top_k_select, arguments, tasks: scores.n, kernel: "top_k_select"),
            CPUStep(opsin_top_k_rows, arguments, tasks: scores.n * tasks(count, each: strip), kernel: "top_k_rows"),
        ]
    }
}
