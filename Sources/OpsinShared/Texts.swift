internal import COpsin
internal import Glibc

/// A text of the caller's; throws when it is NULL.
func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(Failure) -> String {
    guard let pointer = unsafe pointer else { throw .null(name) }
    return unsafe String(cString: pointer)
}

/// A text of the caller's; NULL is nil.
func optionalText(_ pointer: UnsafePointer<CChar>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
}

/// A path of something that is there.
func existingPath(_ pointer: UnsafePointer<CChar>?) throws(Failure) -> String {
    let path = try unsafe text(pointer, "path")
    guard unsafe access(path, F_OK) == 0 else { throw Failure(OPSIN_E_NOT_FOUND, "\(path): \(unsafe String(cString: strerror(errno)))") }
    return path
}

/// Refuses bits of `flags` that have no meaning.
func checkFlags(_ flags: UInt32, known: [UInt32], _ name: String) throws(Failure) {
    let mask = known.reduce(0, |)
    guard flags & ~mask == 0 else { throw Failure(OPSIN_E_ARGUMENT, "\(name) is 0x\(String(flags, radix: 16)), expected bits of 0x\(String(mask, radix: 16))") }
}

/// The lines of an `extra` text. Each key must be one of `known`.
func settings(_ pointer: UnsafePointer<CChar>?, known: [String]) throws(Failure) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    guard let text = unsafe optionalText(pointer) else { return pairs }
    for line in text.split(separator: "\n") {
        guard let sign = line.firstIndex(of: "=") else { throw Failure(OPSIN_E_ARGUMENT, "extra: \"\(line.prefix(80))\" is no key=value") }
        let key = String(line[..<sign])
        guard known.contains(key) else { throw unknownKey(key, known) }
        pairs.append((key, String(line[line.index(after: sign)...])))
    }
    return pairs
}

func unknownKey(_ key: String, _ known: [String]) -> Failure {
    Failure(OPSIN_E_ARGUMENT, "no setting \"\(key.prefix(80))\" (known: \(known.isEmpty ? "none" : known.joined(separator: ", ")))")
}

/// Fills a `char[count]` of a struct with as much of `text` as fits, cut between characters, closed by a zero.
func fill<Characters>(_ place: inout Characters, _ text: String) {
    unsafe withUnsafeMutableBytes(of: &place) { bytes in
        var used = 0
        for character in text {
            let units = character.utf8
            if used + units.count >= bytes.count { break }
            for unit in units {
                unsafe bytes[used] = unit
                used += 1
            }
        }
        for index in used..<bytes.count { unsafe bytes[index] = 0 }
    }
}
