internal import CKernels
package import OpsinGraph

extension Activation: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if plan.quantization(node.output) != nil { return [try int8(node, plan)] }
        let count = node.output.shape.count, chunk = 4096, (code, slope) = function.c
        let arguments = unsafe opsin_activation_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), count: count, chunk: chunk,
            activation: code, slope: slope)
        return unsafe [CPUStep(opsin_activation(plan.isa.c), arguments, tasks: tasks(count, each: chunk), kernel: "activation \(plan.isa.rawValue)")]
    }
}
