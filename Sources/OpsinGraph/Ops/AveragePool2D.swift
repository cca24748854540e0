/// The mean over a window, channel by channel.
///
/// With `countIncludesPadding` the divisor is the size of the window (`torch.nn.AvgPool2d`'s default), without it the number of real pixels
/// (TensorFlow's SAME). Output rows and columns as in Conv2D.
package struct AveragePool2D: OpRule {
    package let window: SlidingWindow
    package let countIncludesPadding: Bool

    package init(window: SlidingWindow, countIncludesPadding: Bool) { (self.window, self.countIncludesPadding) = (window, countIncludesPadding) }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let size = try window.outputSize(of: inputs[0], op: "AveragePool2D")
        return try inputs[0].with(h: size.h, w: size.w)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: y.count * window.height * window.width, readElements: inputs[0].count, writtenElements: y.count)
    }
}
