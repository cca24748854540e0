/// `SPV_KHR_cooperative_matrix` from a compiler that knows only `GL_NV_cooperative_matrix`: the same instructions under other numbers, with three differences.
///
/// A type says how it is used, as left or right factor or as sum, which GLSL's NV types do not: a sum has fp32 components, and a shader marks the right factor
/// with `markedColumns` columns, where 16 are meant. Loads and stores take the memory layout as a number in place of a truth value, and before the stride.
/// Source: SPV_NV_cooperative_matrix revision 4 and SPV_KHR_cooperative_matrix revision 8, section 3.
package enum CooperativeMatrixKHR {
    package static let markedColumns: UInt32 = 17

    /// The numbers of both extensions.
    private enum Code {
        static let extensionName: UInt32 = 10, capability: UInt32 = 17, typeInt: UInt32 = 21, typeFloat: UInt32 = 22
        static let constantTrue: UInt32 = 41, constantFalse: UInt32 = 42, constant: UInt32 = 43
        static let capabilityNV: UInt32 = 5357, typeNV: UInt32 = 5358, loadNV: UInt32 = 5359, storeNV: UInt32 = 5360, multiplyNV: UInt32 = 5361
        static let lengthNV: UInt32 = 5362
        static let capabilityKHR: UInt32 = 6022, typeKHR: UInt32 = 4456, loadKHR: UInt32 = 4457, storeKHR: UInt32 = 4458, multiplyKHR: UInt32 = 4459
        static let lengthKHR: UInt32 = 4460
    }

    /// How a matrix is used, by the KHR form's numbers; row and column major are 0 and 1 too.
    private enum Use: UInt32, CaseIterable {
        case left = 0
        case right = 1
        case sum = 2
    }

    /// `words` in the KHR form. Throws where it is not what the shaders' macros make.
    package static func rewritten(_ words: [UInt32]) throws(ReflectionError) -> [UInt32] {
        guard words.count > 5, words[3] < UInt32.max - 3 else { throw ReflectionError("no SPIR-V module") }
        var state = State(firstNumber: words[3])
        var result = Array(words.prefix(5))
        result[3] += 3
        for instruction in Module.instructions(words) { result += try state.rewritten(Array(instruction)) }
        guard state.hasNumbers, state.hasTypes else { throw ReflectionError("a variant called khr has no cooperative matrices") }
        return result
    }

    private struct State {
        /// The ids of the constants 0, 1 and 2, which follow each other.
        let firstNumber: UInt32
        private(set) var hasNumbers = false
        private(set) var hasTypes = false
        private var truths: [UInt32: Bool] = [:]
        private var numbers: [UInt32: UInt32] = [:]
        private var floatWidths: [UInt32: UInt32] = [:]

        init(firstNumber: UInt32) { self.firstNumber = firstNumber }

        mutating func rewritten(_ word: [UInt32]) throws(ReflectionError) -> [UInt32] {
            switch (word[0] & 0xffff, word.count) {
            case (Code.extensionName, _) where word == CooperativeMatrixKHR.named("SPV_NV_cooperative_matrix"):
                return CooperativeMatrixKHR.named("SPV_KHR_cooperative_matrix")
            case (Code.capability, 2) where word[1] == Code.capabilityNV: return [word[0], Code.capabilityKHR]
            case (Code.typeInt, 4) where word[2] == 32 && word[3] == 0:
                // Constants of its own beside equal ones are allowed.
                hasNumbers = true
                return word + Use.allCases.flatMap { [4 << 16 | Code.constant, word[1], firstNumber + $0.rawValue, $0.rawValue] }
            case (Code.typeFloat, 3): floatWidths[word[1]] = word[2]
            case (Code.constantTrue, 3): truths[word[2]] = true
            case (Code.constantFalse, 3): truths[word[2]] = false
            case (Code.constant, 4): numbers[word[2]] = word[3]
            case (Code.typeNV, 6): return try type(word)
            case (Code.loadNV, 6...): return [code(word, Code.loadKHR), word[1], word[2], word[3], try layout(word[5]), word[4]] + word[6...]
            case (Code.storeNV, 5...): return [code(word, Code.storeKHR), word[1], word[2], try layout(word[4]), word[3]] + word[5...]
            case (Code.multiplyNV, 6): return [code(word, Code.multiplyKHR)] + word[1...]
            case (Code.lengthNV, 4): return [code(word, Code.lengthKHR)] + word[1...]
            default: break
            }
            return word
        }

        private func code(_ word: [UInt32], _ code: UInt32) -> UInt32 { word[0] & 0xffff_0000 | code }

        private mutating func type(_ word: [UInt32]) throws(ReflectionError) -> [UInt32] {
            guard hasNumbers, let width = floatWidths[word[2]], let columns = numbers[word[5]] else {
                throw ReflectionError("a cooperative matrix has no components of floats or no constant columns")
            }
            hasTypes = true
            let isMarked = columns == CooperativeMatrixKHR.markedColumns
            guard isMarked || numbers[word[4]] == columns else { throw ReflectionError("a cooperative matrix is neither square nor marked as right factor") }
            let use: Use = width == 32 ? .sum : isMarked ? .right : .left
            // Where columns mark the use, the matrix has as many as rows.
            return [7 << 16 | Code.typeKHR, word[1], word[2], word[3], word[4], word[4], firstNumber + use.rawValue]
        }

        private func layout(_ id: UInt32) throws(ReflectionError) -> UInt32 {
            guard let isColumnMajor = truths[id] else { throw ReflectionError("the layout of a cooperative matrix is no constant") }
            return firstNumber + (isColumnMajor ? 1 : 0)
        }
    }

    /// `OpExtension` of that name.
    private static func named(_ name: String) -> [UInt32] {
        let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: 4 - name.utf8.count % 4)
        let text = stride(from: 0, to: bytes.count, by: 4).map { (at: Int) -> UInt32 in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        return [UInt32(text.count + 1) << 16 | Code.extensionName] + text
    }
}
