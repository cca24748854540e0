private import CKernels
package import OpsinGraph

extension MatMul: CPUOp {
    /// Two steps: the second factor into panels, then the product. Always in fp32: its factors are activations.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let a = node.inputs[0], b = node.inputs[1], y = node.output
        let images = a.shape.n * a.shape.h, rows = a.shape.w, depth = a.shape.c, columns = y.shape.c
        var shape = opsin_gemm_plan(plan.isa.c, false, rows, columns, depth, nil)
        let stride = unsafe opsin_gemm_packed_bytes(&shape, columns, depth) / 4
        let packed = unsafe plan.workspace(count: images * stride)
        let pack = unsafe opsin_matmul_pack_arguments(
            b: plan.pointer(b), packed: packed, images: images, packed_stride: stride, depth: depth, columns: columns, transposed: transposeB,
            scale: scale, shape: shape)
        var product = unsafe opsin_gemm_arguments()
        unsafe product.x = UnsafePointer(plan.pointer(a))
        unsafe product.y = plan.pointer(y)
        unsafe product.weights = UnsafeRawPointer(packed)
        unsafe product.epilogue = Epilogue().c(bias: nil, channels: columns, residual: nil, plan)
        unsafe (product.rows, product.columns, product.depth, product.shape) = (rows, columns, depth, shape)
        let scratch = unsafe opsin_gemm_scratch_bytes(&product)
        let multiply = unsafe opsin_matmul_arguments(product: product, images: images, packed_stride: stride, gemm: opsin_gemm(plan.isa.c, false))
        let tasks = images * Int(shape.tiles) * Int(shape.panels)
        return unsafe [
            CPUStep(opsin_matmul_pack, pack, tasks: images * Int(shape.panels), kernel: "pack"),
            CPUStep(
                opsin_matmul, multiply, tasks: tasks, scratchBytes: scratch, kernel: "gemm \(shape.tile_rows)x\(shape.columnsOfPanel) \(plan.isa.rawValue)"),
        ]
    }
}
