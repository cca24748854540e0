package import OpsinGraph

extension Concat: VulkanOp {
    /// Up to four inputs in one dispatch; more of them, and on a processor, whose branches all run, one dispatch an input, which writes its part of the output.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (outer, inner) = node.output.shape.extents(around: axis)
        let whole = node.output.shape.extent(axis) * inner, lengths = node.inputs.map { $0.shape.extent(axis) * inner }
        if !plan.device.traits.isProcessor, lengths.count <= 4 { return try lowerAtOnce(node, outer, whole, lengths, plan) }
        var start = 0
        for (input, length) in zip(node.inputs, lengths) {
            let (x, y) = (CopyRows.Side(start: 0, outer: length, inner: 0), CopyRows.Side(start: start, outer: whole, inner: 0))
            try CopyRows(outer: outer, inner: 1, length: length, x: x, y: y).lower(input, node.output, plan)
            start += length
        }
    }

    private func lowerAtOnce(_ node: Graph.Node, _ outer: Int, _ whole: Int, _ lengths: [Int], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let isInQuads = lengths.allSatisfy { $0 % 4 == 0 }, unit = isInQuads ? 4 : 1
        // Where the second, third and fourth begin: at the end where there is none.
        var starts: [Int] = [], views: [BufferView] = [], start = 0
        for (input, length) in zip(node.inputs, lengths) {
            start += length
            starts.append(start / unit)
            views.append(try plan.view(input))
        }
        while starts.count < 3 { starts.append(whole / unit) }
        // A binding must be there; nothing reads those of maps that are not.
        while views.count < 4 { views.append(views[0]) }
        let shader = ConcatShader(
            storage: plan.storage, unit: isInQuads ? .quad : .element, outer: try word(outer), whole: try word(whole / unit), end0: try word(starts[0]),
            end1: try word(starts[1]), end2: try word(starts[2]))
        try plan.dispatch(shader, views + [plan.view(node.output)], threads: outer * whole / unit, local: shader.local)
    }
}
