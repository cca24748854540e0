/// Weights made again from their names, as `oracle/materialize.py` defines them.
package enum OracleWeights {
    /// Element i is `bound * (2 * (splitmix64(seed + i + 1) >> 40) / 2^24 - 1)`, with the FNV-1a hash of the name as seed.
    package static func generate(name: String, count: Int, bound: Float) -> [Float] {
        var seed: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return unsafe [Float](unsafeUninitializedCapacity: count) { out, initialized in
            for index in 0..<count {
                var z = (seed &+ UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                z ^= z >> 31
                unsafe out.initializeElement(at: index, to: (Float(z >> 40) * 0x1p-23 - 1) * bound)
            }
            initialized = count
        }
    }
}
