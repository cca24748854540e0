import Glibc
import OpsinModels

/// A reader under test: files to start from, and what is done with a mutated one.
struct Target {
    let name: String
    let seeds: [[UInt8]]
    let isText: Bool
    /// Makes the mutated bytes well formed again on the outside.
    let repair: ([UInt8], inout Numbers) -> [UInt8]
    /// Reads the bytes. Returns what is wrong with the answer, nil when all is well; whether the reader took them.
    let check: ([UInt8]) -> (fault: String?, isTaken: Bool)

    init(
        _ name: String, seeds: [[UInt8]], isText: Bool, repair: @escaping ([UInt8], inout Numbers) -> [UInt8] = { bytes, _ in bytes },
        check: @escaping ([UInt8]) -> (fault: String?, isTaken: Bool)
    ) {
        (self.name, self.seeds, self.isText, self.repair, self.check) = (name, seeds, isText, repair, check)
    }

    /// The input of that seed: always the same one.
    func input(_ seed: UInt64) -> [UInt8] {
        var numbers = Numbers(state: name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        guard !seeds.isEmpty else { return [] }
        let original = numbers.pick(seeds), other = numbers.pick(seeds)
        let mutated = Mutation.bytes(original, other: other, isText: isText, &numbers)
        return numbers.oneIn(5) ? mutated : repair(mutated, &numbers)
    }

    /// What is wrong with the text of an error: it must be one line of a length that people read.
    static func fault(ofMessage text: String) -> String? {
        if text.isEmpty { return "an error without a text" }
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "an error with control characters: \(text.debugDescription)" }
        return text.utf8.count > 480 ? "an error of \(text.utf8.count) bytes: \(text.prefix(120))..." : nil
    }
}

/// Files of the checkout that mutations start from.
enum Seeds {
    private static let tests = File.folder(of: File.folder(of: #filePath))

    /// All files of `folder`, below `Tests`, that end in one of `suffixes`, in the order of their names.
    static func files(_ folder: String, _ suffixes: String..., limit: Int = 20_000) -> [[UInt8]] {
        let path = File.join(tests, folder)
        let names = ((try? File.names(inFolder: path)) ?? []).filter { name in suffixes.contains { name.hasSuffix($0) } }
        return names.compactMap { try? File.contents(File.join(path, $0), limit: limit) }
    }

    /// The decoder's images of a format, three times, and the damaged ones.
    static func images(_ suffixes: String...) -> [[UInt8]] {
        suffixes.flatMap { suffix in
            let good = files("VisionTests/Resources/decode/in", suffix)
            return good + good + good + files("VisionTests/Resources/malformed/in", suffix)
        }
    }
}
