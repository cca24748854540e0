internal import CKernels
internal import OpsinGraph

/// A step that copies `outer * inner` rows of `length` floats; distances between rows are in floats.
func copyRows(
    from x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, outer: Int, inner: Int, length: Int,
    xOuter: Int, xInner: Int, yOuter: Int, yInner: Int, kernel: String
) -> CPUStep {
    let strip = rowsPerTask(width: length)
    let arguments = unsafe opsin_copy_rows_arguments(
        x: x, y: y, outer: outer, inner: inner, length: length, x_outer: xOuter, x_inner: xInner, y_outer: yOuter, y_inner: yInner, strip: strip)
    return unsafe CPUStep(opsin_copy_rows, arguments, tasks: tasks(outer * inner, each: strip), kernel: kernel)
}

extension Shape {
    /// How many dense runs of floats there are before `axis`, and how many floats one step along `axis` moves.
    func extents(around axis: Axis) -> (outer: Int, inner: Int) {
        switch axis {
        case .n: (1, h * w * c)
        case .h: (n, w * c)
        case .w: (n * h, c)
        case .c: (n * h * w, 1)
        }
    }
}
