/// Why a model cannot be read, built or written: the file, what is wrong with it, what was expected and what was found, in one line.
package struct ModelError: Error, CustomStringConvertible, Sendable {
    package enum Code: Sendable {
        /// A file or folder that is not there, cannot be read or cannot be written.
        case file
        /// Bytes that are not what the format says.
        case format
        /// A value of a configuration file that is missing, of another type or out of range.
        case config
        /// A tensor that is missing, unknown, or of another shape or type than the architecture needs.
        case weights
        /// Something that is well formed, but that Opsin does not run.
        case unsupported
        /// An input size or batch that the architecture does not take.
        case input
    }

    package let code: Code
    /// The file or folder that the error is about; empty when there is none.
    package let file: String
    /// What is wrong, without the file's name.
    package let reason: String

    package init(_ code: Code, file: String = "", _ reason: String) {
        (self.code, self.file, self.reason) = (code, shown(file, limit: 240, keepingEnd: true), reason)
    }

    package var description: String { file.isEmpty ? reason : "\(file): \(reason)" }
}

/// `text` fit for one line of a message: control characters become `?`, and what is longer than `limit` characters is cut.
///
/// Names come out of files, so they can be megabytes long and hold line ends.
package func shown(_ text: String, limit: Int = 80, keepingEnd: Bool = false) -> String {
    let scalars = text.unicodeScalars
    let isLong = scalars.count > limit
    let kept = keepingEnd ? Array(scalars.suffix(limit)) : Array(scalars.prefix(limit))
    var line = ""
    for scalar in kept { line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar) }
    guard isLong else { return line }
    return keepingEnd ? "..." + line : line + "..."
}
