package import CKernels
private import Glibc

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

    /// Those that this machine can run, the best one last.
    package static var available: [ISA] {
        let features = opsin_cpu_detect()
        return allCases.filter {
            switch $0 {
            case .generic: features.generic
            case .neon: features.neon
            case .avx2: features.avx2
            case .avx512: features.avx512
            }
        }
    }

    /// `wanted` if it runs here; without a wish what `OPSIN_CPU_ISA` names, without that the best one.
    package static func usable(_ wanted: ISA? = nil) throws(CPUError) -> ISA {
        let available = available
        let names = available.map(\.rawValue).joined(separator: ", ")
        if let wanted {
            guard available.contains(wanted) else { throw CPUError("instruction set \(wanted.rawValue) is not here; this machine has \(names)") }
            return wanted
        }
        if let forced = unsafe getenv("OPSIN_CPU_ISA") {
            let name = unsafe String(cString: forced)
            guard let isa = ISA(rawValue: name), available.contains(isa) else { throw CPUError("OPSIN_CPU_ISA is \(name), expected one of \(names)") }
            return isa
        }
        return available.last ?? .generic
    }
}

/// In which precision the CPU multiplies. Activations are fp32 in memory, but for `HalfValues`, and sums are fp32, except on bytes.
package enum CPUPrecision: String, Sendable {
    case fp32, bf16
    /// Bytes where the graph has them (`QuantizeActivations`), sums of 32 bits; all else as in fp32.
    case int8

    /// Throws when this machine, restricted to `isa`, has no instruction for it.
    package func check(_ isa: ISA) throws(CPUError) {
        guard self == .bf16 else { return }
        guard opsin_cpu_detect().avx512_bf16 else { throw CPUError("bf16 needs AVX512_BF16 (VDPBF16PS), which this machine does not have") }
        guard isa == .avx512 else { throw CPUError("bf16 needs AVX512_BF16, but the instruction set is restricted to \(isa.rawValue)") }
    }
}
