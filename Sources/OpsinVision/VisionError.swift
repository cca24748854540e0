internal import OpsinModels

/// Why an image, a recipe or a result cannot be made: one line that says what was expected and what was found.
package struct VisionError: Error, CustomStringConvertible, Sendable, Hashable {
    package enum Code: Sendable {
        /// A file that cannot be opened, read or written.
        case file
        /// Bytes that break the rules of their format.
        case malformed
        /// A file that ends before its pixels do.
        case truncated
        /// More pixels or memory than the limits allow.
        case tooLarge
        /// A format, or a form of one, that is not read.
        case unsupported
        /// An argument outside of its range.
        case argument
        /// A preprocessing configuration that makes no sense.
        case recipe
    }

    package let code: Code
    /// What is wrong, without the file's name.
    package let reason: String
    /// The file, where there is one.
    package let path: String?

    /// What `reason` quotes of a file may hold anything: control characters become `?`, and it is cut to a line that people read.
    package init(_ code: Code, _ reason: String, path: String? = nil) { (self.code, self.reason, self.path) = (code, shown(reason, limit: 300), path) }

    package var description: String { path.map { "\($0): \(reason)" } ?? reason }

    /// The same error, of that file.
    package func naming(_ path: String) -> VisionError { VisionError(code, reason, path: path) }
}
