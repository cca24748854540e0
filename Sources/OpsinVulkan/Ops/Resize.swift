package import OpsinGraph

extension Resize: VulkanOp {
    /// One thread per four channels of an output pixel; its taps are read from two tables.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        guard let rows = ResizeTaps(self, from: x.h, to: y.h), let columns = ResizeTaps(self, from: x.w, to: y.w) else {
            throw VulkanError(.unsupported, "maps of more than 2^24 rows or columns, found \(x)")
        }
        let shader = ResizeShader(
            storage: plan.storage, taps: try word(rows.count), aligned: x.c % 4 == 0, images: try word(x.n), height: try word(x.h), width: try word(x.w),
            outHeight: try word(y.h), outWidth: try word(y.w), channels: try word(x.c))
        let views = [try plan.view(node.inputs[0]), try table(rows, plan), try table(columns, plan), try plan.view(node.output)]
        try plan.dispatch(shader, views, threads: y.pixels * ((y.c + 3) / 4), local: shader.local)
    }

    /// `(index, weight)` of each tap.
    private func table(_ taps: ResizeTaps, _ plan: VulkanPlanBuilder) throws(VulkanError) -> BufferView {
        try plan.parameters(zip(taps.indices, taps.weights).flatMap { [$0, $1] }, quads: (taps.indices.count + 1) / 2)
    }
}
