/// A member of a SPIR-V struct type.
struct MemberKey: Hashable {
    let block: UInt32
    let index: UInt32
    init(_ block: UInt32, _ index: Int) { (self.block, self.index) = (block, UInt32(truncatingIfNeeded: index)) }
}

/// The declarations of a SPIR-V module, collected in one pass. Numbers are those of the SPIR-V 1.3 specification, section 3.
struct Module {
    struct Variable {
        let id: UInt32
        let type: UInt32
        /// 9 push constant, 12 storage buffer, 2 uniform, 4 shared by a workgroup
        let storage: UInt32
    }

    var capabilities: [UInt32] = []
    var names: [UInt32: String] = [:]
    var memberNames: [MemberKey: String] = [:]
    var specIDs: [UInt32: UInt32] = [:]
    var constantTypes: [UInt32: UInt32] = [:]
    var scalars: [UInt32: Reflection.Scalar] = [:]
    var structs: [UInt32: [UInt32]] = [:]
    var pointees: [UInt32: UInt32] = [:]
    var variables: [Variable] = []
    var bindings: [UInt32: UInt32] = [:]
    var sets: [UInt32: UInt32] = [:]
    var offsets: [MemberKey: UInt32] = [:]
    var nonWritable: Set<MemberKey> = []
    var nonReadable: Set<MemberKey> = []
    var nonWritableVariables: Set<UInt32> = []
    var nonReadableVariables: Set<UInt32> = []
    /// Bytes of an element, and how many elements: of numbers, vectors, arrays (whose count is another constant).
    var sizes: [UInt32: Size] = [:]
    /// How each constant comes about.
    var values: [UInt32: ConstantValue] = [:]
    /// The constant that is `gl_WorkGroupSize`; it counts before `localSize`.
    var groupSize: UInt32?
    /// The sizes that the execution mode says.
    var localSize: [UInt32] = []

    enum Size {
        case bytes(UInt32)
        case array(of: UInt32, count: UInt32)
    }

    enum ConstantValue {
        case number(UInt32)
        /// By its constant id.
        case special(UInt32)
        case composite([UInt32])
        case operation(UInt32, [UInt32])
    }

    init(_ words: [UInt32]) {
        for instruction in Module.instructions(words) { read(instruction) }
    }

    /// The instructions after the five-word header; stops at a malformed one.
    static func instructions(_ words: [UInt32]) -> [ArraySlice<UInt32>] {
        var list: [ArraySlice<UInt32>] = []
        var at = 5
        while at < words.count {
            let length = Int(words[at] >> 16)
            guard length > 0, at + length <= words.count else { break }
            list.append(words[at..<at + length])
            at += length
        }
        return list
    }

    /// The module without names, source text and line numbers: half the size, the same code.
    static func stripped(_ words: [UInt32]) -> [UInt32] {
        let debug: Set<UInt32> = [2, 3, 4, 5, 6, 7, 8, 317, 330]
        return Array(words.prefix(5)) + instructions(words).filter { !debug.contains(($0.first ?? 0) & 0xffff) }.joined()
    }

    private mutating func read(_ instruction: ArraySlice<UInt32>) {
        let word = Array(instruction)
        readConstant(word)
        switch (word[0] & 0xffff, word.count) {
        case (5, 3...): names[word[1]] = Module.string(word[2...])
        case (6, 4...): memberNames[MemberKey(word[1], Int(word[2]))] = Module.string(word[3...])
        case (17, 2...): capabilities.append(word[1])
        case (20, 2...): scalars[word[1]] = .bool
        case (21, 4...) where word[2] == 32: scalars[word[1]] = word[3] == 0 ? .uint32 : .int32
        case (22, 3...) where word[2] == 32: scalars[word[1]] = .float
        case (16, 6...) where word[2] == 17: localSize = Array(word[3...5])
        case (28, 4...): sizes[word[1]] = .array(of: word[2], count: word[3])
        case (30, 2...): structs[word[1]] = Array(word[2...])
        case (32, 4...): pointees[word[1]] = word[3]
        case (48...50, 3...): constantTypes[word[2]] = word[1]
        case (59, 4...): variables.append(Variable(id: word[2], type: word[1], storage: word[3]))
        case (71, 3...): decorate(word)
        case (72, 4...): decorateMember(word)
        default: break
        }
    }

    /// Types of numbers and vectors, and constants: what sizes are made of.
    private mutating func readConstant(_ word: [UInt32]) {
        switch (word[0] & 0xffff, word.count) {
        case (21, 4...), (22, 3...): sizes[word[1]] = .bytes(word[2] / 8)
        case (23, 4...): if case .bytes(let bytes) = sizes[word[2]] { sizes[word[1]] = .bytes(bytes * word[3]) }
        case (41, 3...): values[word[2]] = .number(1)
        case (42, 3...): values[word[2]] = .number(0)
        case (43, 4...): values[word[2]] = .number(word[3])
        case (44, 3...), (51, 3...): values[word[2]] = .composite(Array(word[3...]))
        case (48...50, 3...): values[word[2]] = specIDs[word[2]].map { .special($0) } ?? (word.count > 3 ? .number(word[3]) : nil)
        case (52, 4...): values[word[2]] = .operation(word[3], Array(word[4...]))
        default: break
        }
    }

    private mutating func decorate(_ word: [UInt32]) {
        switch (word[2], word.count) {
        case (1, 4...): specIDs[word[1]] = word[3]
        case (11, 4...) where word[3] == 25: groupSize = word[1]
        case (24, _): nonWritableVariables.insert(word[1])
        case (25, _): nonReadableVariables.insert(word[1])
        case (33, 4...): bindings[word[1]] = word[3]
        case (34, 4...): sets[word[1]] = word[3]
        default: break
        }
    }

    private mutating func decorateMember(_ word: [UInt32]) {
        let key = MemberKey(word[1], Int(word[2]))
        switch (word[3], word.count) {
        case (24, _): nonWritable.insert(key)
        case (25, _): nonReadable.insert(key)
        case (35, 5...): offsets[key] = word[4]
        default: break
        }
    }

    private static func string(_ words: ArraySlice<UInt32>) -> String {
        var bytes: [UInt8] = []
        for word in words {
            for shift in [0, 8, 16, 24] as [UInt32] {
                let byte = UInt8(truncatingIfNeeded: word >> shift)
                if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
