internal import OpsinGraph

/// Rows of `length` elements, `outer` times `inner` of them; each side has a first element and two distances.
struct CopyRows {
    /// Elements from one row to the next, and where the first begins.
    struct Side {
        let start: Int
        let outer: Int
        let inner: Int

        /// Whether rows of `length` begin and end with whole quads.
        func isInQuads(_ length: Int) -> Bool { [start, outer, inner, length].allSatisfy { $0 % 4 == 0 } }

        /// The same counted in quads.
        var quads: Side { Side(start: start / 4, outer: outer / 4, inner: inner / 4) }
    }

    let outer: Int
    let inner: Int
    let length: Int
    let x: Side
    let y: Side

    /// Four elements a thread where the shapes allow it.
    func lower(_ input: Value, _ output: Value, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        if x.isInQuads(length), y.isInQuads(length) {
            return try CopyRows(outer: outer, inner: inner, length: length / 4, x: x.quads, y: y.quads).dispatch(.quad, 1, input, output, plan)
        }
        // Rows of single elements that lie side by side afterwards are one row, of elements that are apart.
        let gathered = Side(start: y.start, outer: y.outer, inner: 0)
        if length == 1, y.inner == 1, gathered.isInQuads(inner) {
            return try CopyRows(outer: outer, inner: 1, length: inner / 4, x: Side(start: x.start, outer: x.outer, inner: 0), y: gathered.quads)
                .dispatch(.gathered, x.inner, input, output, plan)
        }
        try dispatch(.element, 1, input, output, plan)
    }

    private func dispatch(
        _ unit: CopyRowsShader.Unit, _ step: Int, _ input: Value, _ output: Value, _ plan: VulkanPlanBuilder
    ) throws(VulkanError) {
        let shader = CopyRowsShader(
            storage: plan.storage, unit: unit, outer: try word(outer), inner: try word(inner), length: try word(length), xStart: try word(x.start),
            xOuter: try word(x.outer), xInner: try word(x.inner), xStep: try word(step), yStart: try word(y.start), yOuter: try word(y.outer),
            yInner: try word(y.inner))
        try plan.dispatch(shader, [plan.view(input), plan.view(output)], threads: outer * inner * length, local: shader.local)
    }
}

extension Shape {
    /// Elements outside of and inside of one step along `axis`.
    func extents(around axis: Axis) -> (outer: Int, inner: Int) {
        let all = [n, h, w, c]
        return (all[..<axis.rawValue].reduce(1, *), all[(axis.rawValue + 1)...].reduce(1, *))
    }
}
