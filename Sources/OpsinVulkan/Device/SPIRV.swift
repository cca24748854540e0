/// How a shader uses one storage buffer.
package enum BufferAccess: Sendable {
    case read, write, readWrite

    package var reads: Bool { self != .write }
    package var writes: Bool { self != .read }
}

/// One compiled variant of a shader and what the build found in it. Made by the generated code.
package struct SPIRV: Sendable {
    /// `hard_swish storage=f32`
    package let name: String
    /// FNV-1a of the words: the identity of the module.
    package let hash: UInt64
    /// Use of the buffers at bindings 0, 1, 2...
    package let access: [BufferAccess]
    package let constantCount: Int
    /// 32-bit push constants.
    package let pushCount: Int
    /// SPIR-V capability numbers; `DeviceInfo.missing(for:)` compares them with the device.
    package let capabilities: [UInt32]
    /// Threads of a workgroup, and the bytes of memory that they share.
    package let threads: SizeProgram
    package let sharedBytes: SizeProgram
    private let base64: StaticString

    package init(
        name: String, hash: UInt64, access: [BufferAccess], constantCount: Int, pushCount: Int, capabilities: [UInt32], threads: StaticString,
        sharedBytes: StaticString, base64: StaticString
    ) {
        (self.threads, self.sharedBytes) = (SizeProgram(threads), SizeProgram(sharedBytes))
        (self.name, self.hash, self.access, self.constantCount) = (name, hash, access, constantCount)
        (self.pushCount, self.capabilities, self.base64) = (pushCount, capabilities, base64)
    }

    /// The module's words, decoded at each call: a pipeline needs them once.
    package var words: [UInt32] {
        var words: [UInt32] = []
        words.reserveCapacity(base64.utf8CodeUnitCount / 16 * 3 + 3)
        var (word, filled) = (UInt32(0), UInt32(0))
        var (bits, count) = (UInt32(0), 0)
        base64.withUTF8Buffer { text in
            for index in text.indices {
                guard let digit = SPIRV.digit(unsafe text[index]) else { break }
                bits = bits << 6 | digit
                count += 6
                guard count >= 8 else { continue }
                count -= 8
                word |= ((bits >> UInt32(count)) & 0xff) << filled
                filled += 8
                guard filled == 32 else { continue }
                words.append(word)
                (word, filled) = (0, 0)
            }
        }
        return words
    }

    private static func digit(_ character: UInt8) -> UInt32? {
        switch character {
        case 65...90: UInt32(character) - 65
        case 97...122: UInt32(character) - 71
        case 48...57: UInt32(character) + 4
        case 43: 62
        case 47: 63
        default: nil
        }
    }
}

/// A shader with its axes and constants chosen. The build makes one conforming type a file of `Shaders/`.
package protocol Shader: Sendable {
    /// Every variant, the last axis fastest.
    static var variants: [SPIRV] { get }
    /// The variant that the axes choose.
    var spirv: SPIRV { get }
    /// Specialization data: word `i` is constant id `i`.
    var constants: [UInt32] { get }
    /// Push constants, in the order of the shader's block.
    var push: [UInt32] { get }
}
