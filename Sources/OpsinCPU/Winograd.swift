private import CKernels
internal import OpsinGraph

/// A 3x3 convolution at step 1 in fp32 by Winograd's F(4x4, 3x3).
struct Winograd {
    private let node: Graph.Node
    private let convolution: Conv2D

    /// Nil where the implicit product is to be taken: another window, bf16 factors, a map on which the transforms take longer than they save.
    init?(_ node: Graph.Node, _ convolution: Conv2D, _ plan: any CPULowering) {
        let x = node.inputs[0], y = node.output
        let isFloat32 = (plan.precision != .bf16 || plan.requiresFloat32(y)) && !plan.isHalf(x) && !plan.isHalf(y)
        guard isFloat32, plan.layout(x).place == .own else { return nil }
        (self.node, self.convolution) = (node, convolution)
        var window = unsafe convolution.window.c(x.shape, y.shape, plan)
        guard unsafe opsin_winograd_pays(y.shape.c, &window) else { return nil }
    }

    /// Chooses the strips and transforms the weights.
    func step(_ plan: any CPULowering) -> CPUStep {
        let x = node.inputs[0], y = node.output, inputs = x.shape.c, outputs = y.shape.c, filter = convolution.filter
        var window = unsafe convolution.window.c(x.shape, y.shape, plan)
        var shape = unsafe opsin_winograd_plan(plan.isa.c, x.shape.n, outputs, &window, UInt32(plan.threads))
        let product = shape.product
        let key = "winograd \(node.name) \(filter.packingKey) \(product.vector) \(product.panels) \(product.narrow) \(product.wider)"
        let weights = unsafe plan.packed(key, count: opsin_winograd_packed(&shape, outputs, inputs)) { place in
            unsafe filter.withStored(outputs: outputs, inputs: inputs, taps: 9) { unsafe opsin_winograd_pack(&shape, $0, place) }
        }
        let residual = node.inputs.count > 1 ? node.inputs[1] : nil
        var arguments = unsafe opsin_winograd_arguments(
            x: plan.pointer(x), y: plan.pointer(y), weights: weights,
            epilogue: convolution.epilogue.c(bias: filter.bias, channels: outputs, residual: residual, plan), images: x.shape.n, outputs: outputs,
            window: window, shape: shape, y_pitch: plan.layout(y).sparsePitch)
        let scratch = unsafe opsin_winograd_scratch_bytes(&arguments)
        return unsafe CPUStep(
            opsin_winograd(plan.isa.c), arguments, tasks: Int(shape.strips) * Int(shape.groups), scratchBytes: scratch,
            kernel: "winograd \(product.tile_rows)x\(product.columnsOfPanel) \(plan.isa.rawValue)")
    }
}
