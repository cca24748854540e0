internal import CKernels
internal import OpsinGraph

/// `a op b` with `b` repeated: neighbouring dimensions that are both stored or both repeated become one, so that `[n, 1, 1, c]` over `[n, h, w, c]` walks rows
/// of `c`, and equal shapes are one long row.
@safe struct BroadcastRows {
    /// Innermost last; ones in front.
    private(set) var dims = [1, 1, 1, 1]
    /// Of `b`, in elements; 0 repeats.
    private(set) var strides = [0, 0, 0, 0]

    init(_ a: Shape, _ b: Shape) {
        var joined: [(extent: Int, stride: Int)] = []
        var stride = 1
        for (extent, stored) in [(a.c, b.c), (a.w, b.w), (a.h, b.h), (a.n, b.n)] where extent > 1 {
            let step = stored == 1 ? 0 : stride
            if let last = joined.last, (step == 0) == (last.stride == 0) {
                joined[joined.count - 1].extent *= extent
            } else {
                joined.append((extent, step))
            }
            stride *= stored
        }
        for (index, dimension) in joined.enumerated() {
            dims[3 - index] = dimension.extent
            strides[3 - index] = dimension.stride
        }
    }

    /// The arguments of the kernels and the number of tasks.
    func arguments(
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, activation: ActivationFunction
    ) -> (opsin_broadcast_arguments, tasks: Int) {
        let chunk = 4096, (code, slope) = activation.c
        let arguments = unsafe opsin_broadcast_arguments(
            a: a, b: b, y: y, dims: (dims[0], dims[1], dims[2], dims[3]), strides: (strides[0], strides[1], strides[2], strides[3]), chunk: chunk,
            activation: code, slope: slope, half_a: false, half_y: false)
        return unsafe (arguments, dims[0] * dims[1] * dims[2] * OpsinCPU.tasks(dims[3], each: chunk))
    }
}
