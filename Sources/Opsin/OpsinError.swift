/// Why a call failed: a code for programs, a sentence for people.
///
/// The sentence names the file, tensor or value, what was expected and what was found, on one line.
public struct OpsinError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was. New codes may come in later versions.
    public enum Code: Hashable, Sendable, CaseIterable {
        /// A value that the call cannot take.
        case argument
        /// The session is inside another call.
        case busy
        /// A default model that is in none of the folders.
        case notFound
        /// A file that is there and cannot be read or written.
        case io
        /// Bytes that are no image, are damaged, or are larger than the limit.
        case image
        /// A model folder, weight file or configuration that cannot be read, or does not fit together.
        case model
        /// A device that is absent or cannot do what was asked.
        case device
        /// A combination that this version does not have.
        case unsupported
        /// The call was cancelled before it finished.
        case cancelled
        /// Not at this moment: a stream that is closed, a process that forked.
        case state
    }

    /// For programs: which kind of failure it is.
    public let code: Code
    /// For people: what is wrong, what was expected, what was found.
    public let description: String

    /// From its kind and a sentence for people.
    public init(_ code: Code, _ description: String) {
        (self.code, self.description) = (code, description)
    }
}
