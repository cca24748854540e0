/// What a convolution does to its sums while they are still in registers, after adding the bias:
/// `y = f(sum)`, `y = f(sum) + residual` or `y = f(sum + residual)`.
package struct Epilogue: Hashable, Sendable {
    /// Where a second activation of the output's shape is added.
    package enum Residual: Hashable, Sendable {
        case none
        /// `f(sum) + residual`: MobileNet's linear bottleneck.
        case afterActivation
        /// `f(sum + residual)`: ResNet's block.
        case beforeActivation
    }

    package var activation: ActivationFunction
    package var residual: Residual

    package init(activation: ActivationFunction = .identity, residual: Residual = .none) {
        (self.activation, self.residual) = (activation, residual)
    }

    /// 2 with a residual, which is the op's second input; 1 without.
    var inputCount: Int { residual == .none ? 1 : 2 }

    func check(_ inputs: [Shape], output: Shape, op: String) throws(GraphError) {
        guard residual != .none, inputs[1] != output else { return }
        throw .shape("\(op): the residual is \(inputs[1]), the output \(output)")
    }
}
