import OpsinGraph

/// Elements of one stored type as the bytes of another, rounded to nearest, halves to even.
enum Narrowing {
    /// The constant's elements as bytes of `type`; nil, with the first element that does not fit, when a finite value would become infinite.
    static func bytes(of constant: Constant, as type: ConstantType) -> Result<[UInt8], Misfit> {
        if constant.type == type { return .success(unsafe constant.withBytes { unsafe [UInt8]($0) }) }
        let values = constant.floats()
        switch type {
        case .float32:
            return .success(unsafe values.withUnsafeBytes { unsafe [UInt8]($0) })
        case .float16:
            if let misfit = values.first(where: { $0.isFinite && !Float16($0).isFinite }) { return .failure(Misfit(value: misfit)) }
            return .success(unsafe values.map { Float16($0).bitPattern }.withUnsafeBytes { unsafe [UInt8]($0) })
        case .bfloat16:
            if let misfit = values.first(where: { $0.isFinite && bfloat16($0) & 0x7FFF == 0x7F80 }) { return .failure(Misfit(value: misfit)) }
            return .success(unsafe values.map { bfloat16($0) }.withUnsafeBytes { unsafe [UInt8]($0) })
        case .int8:
            // Nothing converts to whole numbers without scales; who has them already keeps them.
            return .failure(Misfit(value: values.first ?? 0))
        }
    }

    /// A finite value that the narrower type cannot hold.
    struct Misfit: Error {
        let value: Float
    }

    /// The upper half of the value's bits, rounded to nearest, halves to even; NaN stays NaN.
    static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        guard !value.isNaN else { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
