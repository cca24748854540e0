internal import OpsinGraph

/// Rows of `length` elements, `outer` times `inner` of them; each side has a first element and two distances.
struct CopyRows {
    /// Elements from one row to the next, and where the first begins.
    struct Side {
        let start: Int
        let outer: Int
        let inner: Int
    }

    let outer: Int
    let inner: Int
    let length: Int
    let x: Side
    let y: Side

    func lower(_ input: Value, _ output: Value, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let shader = CopyRowsShader(
            storage: plan.storage, outer: try word(outer), inner: try word(inner), length: try word(length), xStart: try word(x.start),
            xOuter: try word(x.outer), xInner: try word(x.inner), yStart: try word(y.start), yOuter: try word(y.outer), yInner: try word(y.inner))
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
