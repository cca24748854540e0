/// The largest value in a window, channel by channel; padding counts as minus infinity. Output rows and columns as in Conv2D (`ceil_mode` False).
/// A NaN in a window gives NaN. Source: `torch.nn.MaxPool2d`.
package struct MaxPool2D: OpRule {
    package let window: SlidingWindow

    package init(window: SlidingWindow) { self.window = window }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let size = try window.outputSize(of: inputs[0], op: "MaxPool2D")
        return try inputs[0].with(h: size.h, w: size.w)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: y.count * window.height * window.width, readElements: inputs[0].count, writtenElements: y.count)
    }
}
