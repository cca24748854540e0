private import CKernels
package import OpsinGraph

extension Quantize: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        guard let y = plan.quantization(node.output) else { throw CPUError("\(node.name): nobody said what the bytes of a Quantize stand for") }
        let (arguments, tasks) = unsafe conversion(real: node.inputs[0], stored: node.output, y, plan)
        return unsafe [CPUStep(opsin_int8_quantize(plan.isa.c), arguments, tasks: tasks, kernel: "int8 quantize \(plan.isa.rawValue)")]
    }
}

extension Dequantize: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        guard let x = plan.quantization(node.inputs[0]) else { throw CPUError("\(node.name): nobody said what the bytes of a Dequantize stand for") }
        let (arguments, tasks) = unsafe conversion(real: node.output, stored: node.inputs[0], x, plan)
        return unsafe [CPUStep(opsin_int8_dequantize(plan.isa.c), arguments, tasks: tasks, kernel: "int8 dequantize \(plan.isa.rawValue)")]
    }
}

/// The arguments of both conversions between `real` and `stored`, and the number of tasks.
private func conversion(real: Value, stored: Value, _ quantization: Quantization, _ plan: any CPULowering) -> (opsin_int8_convert_arguments, Int) {
    let count = real.shape.count, strip = 8192
    let arguments = unsafe opsin_int8_convert_arguments(
        real: plan.pointer(real), stored: plan.bytes(stored), count: count, strip: strip, scale: quantization.scale,
        inverse_scale: 1 / quantization.scale, zero: Int32(quantization.zero))
    return unsafe (arguments, tasks(count, each: strip))
}
