/// What one op does and moves, counted from its shapes: the basis of GFLOP/s, GB/s and roof shares.
package struct Cost: Hashable, Sendable {
    /// Floating-point operations; a multiply-add counts as two.
    package var flops: Int
    /// Elements read from activations.
    package var readElements: Int
    /// Elements written to activations.
    package var writtenElements: Int
    /// Elements read from weights, each counted once.
    package var weightElements: Int

    package init(flops: Int = 0, readElements: Int = 0, writtenElements: Int = 0, weightElements: Int = 0) {
        (self.flops, self.readElements, self.writtenElements, self.weightElements) = (flops, readElements, writtenElements, weightElements)
    }

    package static func + (a: Cost, b: Cost) -> Cost {
        Cost(
            flops: a.flops + b.flops, readElements: a.readElements + b.readElements,
            writtenElements: a.writtenElements + b.writtenElements, weightElements: a.weightElements + b.weightElements)
    }

    /// Bytes moved when every element takes `elementBytes`.
    package func bytes(elementBytes: Int) -> Int { (readElements + writtenElements + weightElements) * elementBytes }
}
