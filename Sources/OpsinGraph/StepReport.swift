/// What a report says about one step of a compiled graph: a kernel call or a dispatch.
package struct StepReport: Sendable {
    /// The node's name in the reference (`blocks.2.0.dw_start.conv`).
    package let node: String
    package let op: String
    /// The kernel or shader variant that was chosen: `gemm 6x64 avx512`, `conv2d storage=f32 tile=4x2`.
    package let kernel: String
    package let cost: Cost
    package let output: Shape

    package init(node: String, op: String, kernel: String, cost: Cost, output: Shape) {
        (self.node, self.op, self.kernel, self.cost, self.output) = (node, op, kernel, cost, output)
    }
}
