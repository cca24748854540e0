internal import Glibc

/// Standard output and error of the command. Results go out, all else to the error stream.
enum Terminal {
    /// Longest line of an error, in bytes.
    static let longestComplaint = 500

    static let outputIsTerminal = isatty(1) != 0
    static let errorIsTerminal = isatty(2) != 0
    /// Whether output may carry colours: a terminal, and nobody asked for none (no-color.org).
    static let usesColor = outputIsTerminal && !isSet("NO_COLOR") && !isDumb

    private static var isDumb: Bool { unsafe getenv("TERM").map { unsafe String(cString: $0) == "dumb" } ?? true }

    private static func isSet(_ name: String) -> Bool { unsafe getenv(name).map { unsafe $0.pointee != 0 } ?? false }

    static func write(_ text: String) { put(text, to: 1) }

    static func line(_ text: String) { put(text + "\n", to: 1) }

    /// One line on the error stream: `opsin: FILE: what is wrong`.
    static func complain(_ text: String) {
        var line = "opsin: " + text.printable
        if line.utf8.count > longestComplaint {
            line = String(decoding: Array(line.utf8.prefix(longestComplaint - 4)), as: UTF8.self)
            while line.utf8.count > longestComplaint - 4 { line.removeLast() }
            line += " ..."
        }
        put(line + "\n", to: 2)
    }

    static func note(_ text: String) { put(text, to: 2) }

    /// Ends the program when nobody can take the results: silently when the reader went away, with a line for a full disk.
    private static func outputFailed() -> Never {
        let code = errno
        if code != EPIPE { complain("standard output cannot be written: \(unsafe String(cString: strerror(code)))") }
        exit(1)
    }

    static func exit(_ code: Int32) -> Never {
        Glibc.exit(code)
    }

    private static func put(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                // Where complaints go nowhere, nobody is left to tell.
                if descriptor == 1 { outputFailed() } else { return }
            }
            rest = rest.dropFirst(written)
        }
    }
}

/// `value` with `places` decimals.
func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var factor = 1.0
    for _ in 0..<places { factor *= 10 }
    let scaled = (abs(value) * factor).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(places + 1 - digits.count, 0)) + digits
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return places == 0 ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
}

/// `value` in scientific notation with two digits: `3.1e-06`; exact zero is `0`.
func scientific(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var mantissa = abs(value), exponent = 0
    while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let digits = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, 1))e\(exponent < 0 ? "-" : "+")\(digits)"
}

extension String {
    /// With `?` for control characters: names come from files and folders, and must neither break a line nor command the terminal.
    var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
            text.unicodeScalars.append(isControl ? "?" : scalar)
        }
        return text
    }

    /// Cut or filled with blanks to `width` characters; what is cut is the beginning, at a dot where there is one: paths of modules differ at their ends.
    func columnKeepingEnd(_ width: Int) -> String {
        guard count > width else { return column(width) }
        let end = suffix(max(width - 1, 0))
        let part = end.firstIndex(of: ".").map { end[end.index(after: $0)...] } ?? end
        return ("…" + (part.count > width / 2 ? part : end)).column(width)
    }

    /// Cut or filled with blanks to `width` characters, text on the left.
    func column(_ width: Int) -> String {
        count > width ? prefix(max(width - 1, 0)) + "…" : self + String(repeating: " ", count: width - count)
    }

    /// Filled with blanks to `width` characters, text on the right.
    func right(_ width: Int) -> String { String(repeating: " ", count: max(width - count, 0)) + self }
}
