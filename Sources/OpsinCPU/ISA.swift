package import CKernels

/// The instruction sets that kernels are built for.
package enum ISA: String, CaseIterable, Sendable {
    case generic, neon, avx2, avx512

    package var c: opsin_isa {
        switch self {
        case .generic: OPSIN_ISA_GENERIC
        case .neon: OPSIN_ISA_NEON
        case .avx2: OPSIN_ISA_AVX2
        case .avx512: OPSIN_ISA_AVX512
        }
    }
}

/// In which precision the CPU multiplies. Activations are fp32 in memory either way; sums are always fp32.
package enum CPUPrecision: String, Sendable {
    case fp32, bf16
}
