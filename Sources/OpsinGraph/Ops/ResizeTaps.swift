/// Which inputs each output position of a Resize reads along one axis, and with which weights: the same numbers on every backend.
package struct ResizeTaps {
    /// Inputs of one output: 1, 2 or 4.
    package let count: Int
    /// `[outputs, count]`, each in `0..<inputs`; exact as floats, since `inputs` is at most 2^24.
    package private(set) var indices: [Float] = []
    /// `[outputs, count]`
    package private(set) var weights: [Float] = []

    /// nil where an index of more than 2^24 `inputs` would not be exact.
    package init?(_ op: Resize, from inputs: Int, to outputs: Int) {
        guard (1...(1 << 24)).contains(inputs) else { return nil }
        count = op.method == .nearest ? 1 : op.method == .bilinear ? 2 : 4
        for i in 0..<outputs {
            switch op.method {
            case .nearest: append(ResizeTaps.nearest(i, op.coordinates, inputs, outputs), 1, inputs)
            case .bilinear:
                let position = max(ResizeTaps.position(i, op.coordinates, inputs, outputs), 0)
                let first = min(position.rounded(.down), Float(inputs - 1)), t = min(max(position - first, 0), 1)
                append(first, 1 - t, inputs)
                append(first + 1, t, inputs)
            case .bicubic:
                let position = ResizeTaps.position(i, op.coordinates, inputs, outputs)
                let first = position.rounded(.down), t = position - first
                let weights = ResizeTaps.cubic(Double(t))
                for tap in 0..<4 { append(first + Float(tap - 1), weights[tap], inputs) }
            }
        }
    }

    private mutating func append(_ index: Float, _ weight: Float, _ inputs: Int) {
        indices.append(min(max(index, 0), Float(inputs - 1)))
        weights.append(weight)
    }

    /// The input position of output `i`, in fp32 and in PyTorch's order of operations: its results differ from exact ones in the last places.
    private static func position(_ i: Int, _ coordinates: Resize.Coordinates, _ n: Int, _ m: Int) -> Float {
        switch coordinates {
        case .halfPixel: Float(n) / Float(m) * (Float(i) + 0.5) - 0.5
        case .alignCorners: m > 1 ? Float(n - 1) / Float(m - 1) * Float(i) : 0
        case .asymmetric: Float(n) / Float(m) * Float(i)
        }
    }

    private static func nearest(_ i: Int, _ coordinates: Resize.Coordinates, _ n: Int, _ m: Int) -> Float {
        switch coordinates {
        case .halfPixel: (Float(n) / Float(m) * (Float(i) + 0.5)).rounded(.down)
        case .alignCorners: (position(i, coordinates, n, m) + 0.5).rounded(.down)
        case .asymmetric: position(i, coordinates, n, m).rounded(.down)
        }
    }

    /// Keys' four weights for a position `t` behind the second tap, a = -0.75; in Double, since the outer ones are small differences of large numbers.
    package static func cubic(_ t: Double) -> SIMD4<Float> {
        let a = -0.75
        func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return SIMD4<Float>(Float(far(t + 1)), Float(near(t)), Float(near(1 - t)), Float(far(2 - t)))
    }
}
