/// Where and why a text is not JSON.
package struct JSONError: Error, CustomStringConvertible, Sendable {
    /// Byte of the text at which the reader stopped.
    package let offset: Int
    package let reason: String

    package var description: String { "not JSON at byte \(offset): \(reason)" }
}

extension JSON {
    /// Deepest nesting that is read; a deeper file is refused before the stack is at risk.
    package static let maximumDepth = 128

    /// Reads one JSON text (RFC 8259, UTF-8, strict: no comments, no trailing commas, no NaN, no repeated names).
    package init(parsing bytes: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(count: bytes.count)
        self = try reader.document(bytes)
    }

    package init(parsing text: String) throws(JSONError) {
        let bytes = Array(text.utf8)
        try self.init(parsing: bytes.span)
    }
}

/// A cursor over UTF-8 bytes. Bytes are passed down with each call because a stored `Span` would need an experimental feature.
private struct JSONReader {
    let count: Int
    var at = 0
    var depth = 0

    mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let value = try value(bytes)
        skipSpace(bytes)
        guard at == count else { throw fail("expected the end, found \(character(bytes))") }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        skipSpace(bytes)
        guard at < count else { throw fail("expected a value, found the end") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(bytes)
        case UInt8(ascii: "["): return try array(bytes)
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try literal("null", .null, bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        default: throw fail("expected a value, found \(character(bytes))")
        }
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try enter()
        var members: [JSON.Member] = []
        var names: Set<String> = []
        at += 1
        skipSpace(bytes)
        if take(UInt8(ascii: "}"), bytes) {
            depth -= 1
            return .object([])
        }
        while true {
            skipSpace(bytes)
            guard at < count, bytes[at] == UInt8(ascii: "\"") else { throw fail("expected a name, found \(character(bytes))") }
            let name = try string(bytes)
            guard names.insert(name).inserted else { throw fail("the name \"\(name.prefix(80))\" comes twice") }
            skipSpace(bytes)
            guard take(UInt8(ascii: ":"), bytes) else { throw fail("expected ':', found \(character(bytes))") }
            members.append(JSON.Member(name, try value(bytes)))
            skipSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            guard take(UInt8(ascii: "}"), bytes) else { throw fail("expected ',' or '}', found \(character(bytes))") }
            depth -= 1
            return .object(members)
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try enter()
        var values: [JSON] = []
        at += 1
        skipSpace(bytes)
        if take(UInt8(ascii: "]"), bytes) {
            depth -= 1
            return .array([])
        }
        while true {
            values.append(try value(bytes))
            skipSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            guard take(UInt8(ascii: "]"), bytes) else { throw fail("expected ',' or ']', found \(character(bytes))") }
            depth -= 1
            return .array(values)
        }
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        at += 1
        var text: [UInt8] = []
        while at < count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                guard let valid = String(validating: text, as: UTF8.self) else { throw fail("a string is not valid UTF-8") }
                return valid
            case UInt8(ascii: "\\"):
                at += 1
                try escape(bytes, into: &text)
            case 0..<0x20:
                throw fail("a control character in a string")
            default:
                text.append(byte)
                at += 1
            }
        }
        throw fail("a string without its end")
    }

    private mutating func escape(_ bytes: Span<UInt8>, into text: inout [UInt8]) throws(JSONError) {
        guard at < count else { throw fail("a string without its end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hex4(bytes)
            if (0xD800..<0xDC00).contains(scalar) {
                guard take(UInt8(ascii: "\\"), bytes), take(UInt8(ascii: "u"), bytes) else { throw fail("half of a surrogate pair") }
                let low = try hex4(bytes)
                guard (0xDC00..<0xE000).contains(low) else { throw fail("half of a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let valid = Unicode.Scalar(scalar) else { throw fail("half of a surrogate pair") }
            text.append(contentsOf: Array(String(Character(valid)).utf8))
        default: throw fail("an unknown escape in a string")
        }
    }

    private mutating func hex4(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw fail("expected four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    /// RFC 8259 section 6: an optional minus, no leading zeros, an optional fraction, an optional exponent.
    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let start = at
        _ = take(UInt8(ascii: "-"), bytes)
        guard at < count, isDigit(bytes[at]) else { throw fail("expected a digit, found \(character(bytes))") }
        if bytes[at] == UInt8(ascii: "0") { at += 1 } else { skipDigits(bytes) }
        var isInteger = true
        if take(UInt8(ascii: "."), bytes) {
            isInteger = false
            guard at < count, isDigit(bytes[at]) else { throw fail("expected a digit after '.'") }
            skipDigits(bytes)
        }
        if at < count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if at < count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard at < count, isDigit(bytes[at]) else { throw fail("expected a digit in the exponent") }
            skipDigits(bytes)
        }
        guard at - start <= 400 else { throw fail("a number of \(at - start) characters") }
        var text = ""
        for index in start..<at { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw fail("the number \(text.prefix(40)) is out of range") }
        return .number(value)
    }

    private mutating func literal(_ word: StaticString, _ value: JSON, _ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        for byte in word.description.utf8 {
            guard at < count, bytes[at] == byte else { throw fail("expected \(word)") }
            at += 1
        }
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= JSON.maximumDepth else { throw fail("nested deeper than \(JSON.maximumDepth) levels") }
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while at < count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) {
        while at < count, isDigit(bytes[at]) { at += 1 }
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard at < count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func character(_ bytes: Span<UInt8>) -> String {
        guard at < count else { return "the end" }
        return (0x21..<0x7F).contains(bytes[at]) ? "'\(Character(Unicode.Scalar(bytes[at])))'" : "byte \(bytes[at])"
    }

    private func fail(_ reason: String) -> JSONError { JSONError(offset: at, reason: reason) }
}
