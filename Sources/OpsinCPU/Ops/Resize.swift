package import OpsinGraph

private import CKernels

extension Resize: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape, y = node.output.shape
        guard let rows = ResizeTaps(self, from: x.h, to: y.h), let columns = ResizeTaps(self, from: x.w, to: y.w) else {
            throw CPUError("\(node.name): Resize reads maps of up to 2^24 rows and columns, found \(x)")
        }
        let arguments = unsafe opsin_resize_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), images: x.n, height: x.h, width: x.w, channels: x.c,
            out_height: y.h, out_width: y.w, taps: rows.count, row_index: plan.parameters(rows.indices), row_weight: plan.parameters(rows.weights),
            column_index: plan.parameters(columns.indices), column_weight: plan.parameters(columns.weights),
            y_channels: plan.layout(node.output).sparsePitch)
        let scratch = rows.count == 1 ? 0 : (x.w * x.c + 16) * 4
        return unsafe [
            CPUStep(opsin_resize(plan.isa.c), arguments, tasks: y.n * y.h, scratchBytes: scratch, kernel: "resize \(rows.count) \(plan.isa.rawValue)")
        ]
    }
}
