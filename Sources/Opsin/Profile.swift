package import OpsinModels

/// One step of a plan: what it computes and how long it took.
public struct OpProfile: Hashable, Sendable {
    /// Path of the layer in the reference implementation.
    public let name: String
    /// The op's name: `Conv2D`.
    public let op: String
    /// The kernel that was chosen for it.
    public let kernel: String
    /// Mean of its runs.
    public let milliseconds: Double
    /// Floating-point operations; a multiply-add is two.
    public let flops: Int
    /// Bytes of activations and weights, each counted once.
    public let bytes: Int

    /// Billions of operations a second.
    public var gflops: Double { milliseconds > 0 ? Double(flops) / milliseconds * 1e-6 : 0 }
    /// Billions of bytes a second.
    public var gigabytesPerSecond: Double { milliseconds > 0 ? Double(bytes) / milliseconds * 1e-6 : 0 }

    /// The share of the best possible speed: the time that the peaks allow over the time it took. 1 is the roof.
    public func roofShare(_ peak: Peak) -> Double {
        guard milliseconds > 0 else { return 0 }
        let seconds = max(peak.flops > 0 ? Double(flops) / peak.flops : 0, peak.bytes > 0 ? Double(bytes) / peak.bytes : 0)
        return seconds * 1e3 / milliseconds
    }
}

/// What a device can do at most, measured on it.
public struct Peak: Hashable, Sendable {
    /// Floating-point operations a second in the precision that runs.
    public let flops: Double
    /// Bytes a second from memory. Activations that stay in cache can be faster, so a share of this roof may be above 1.
    public let bytes: Double
}

extension OpProfile {
    package func json(_ peak: Peak) -> JSON {
        [
            "name": .string(name), "op": .string(op), "kernel": .string(kernel), "ms": .number(milliseconds.rounded(places: 5)),
            "gflops": .number(gflops.rounded(places: 2)), "gbytes_per_s": .number(gigabytesPerSecond.rounded(places: 2)),
            "roof_share": .number(roofShare(peak).rounded(places: 4)),
        ]
    }
}
