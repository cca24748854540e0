/// What is wrong with a shader and where, printed as compilers do: `file:line: error: message`.
package struct ShaderError: Error, CustomStringConvertible, Sendable {
    package let file: String
    /// 1-based; 0 when the whole file is meant.
    package let line: Int
    package let message: String

    package init(_ file: String, _ line: Int, _ message: String) { (self.file, self.line, self.message) = (file, line, message) }

    package var description: String { line > 0 ? "\(file):\(line): error: \(message)" : "\(file): error: \(message)" }
}

/// Everything that is wrong with one shader.
package struct ShaderErrors: Error, CustomStringConvertible, Sendable {
    package let list: [ShaderError]

    package init(_ list: [ShaderError]) { self.list = list }

    package init(_ file: String, _ line: Int, _ message: String) { list = [ShaderError(file, line, message)] }

    package var description: String { list.map(\.description).joined(separator: "\n") }
}
