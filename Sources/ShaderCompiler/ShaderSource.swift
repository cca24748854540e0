/// One shader with its includes pasted in, and where each line came from.
///
/// glslang 12's C interface has no include callback, so `#include "name"` is resolved here: relative to `Shaders/include/`, each file at most once.
package struct ShaderSource: Sendable {
    package struct Line: Sendable {
        package let file: String
        /// 1-based
        package let number: Int
        package let text: String
    }

    /// `depthwise_conv2d` of `Shaders/depthwise_conv2d.comp`
    package let name: String
    package let file: String
    package private(set) var lines: [Line] = []
    private var included: Set<String> = []

    /// `read` gives the text of a path; tests pass a dictionary.
    package init(file: String, includeFolder: String, read: (String) throws(ShaderErrors) -> String) throws(ShaderErrors) {
        self.file = file
        name = String(file.split(separator: "/").last?.split(separator: ".").first ?? "")
        try append(file, includeFolder, depth: 0, read)
    }

    /// What glslang compiles.
    package var text: String { lines.map(\.text).joined(separator: "\n") + "\n" }

    /// The place of a 1-based line of `text`.
    package func place(ofLine line: Int) -> (file: String, line: Int) {
        guard line >= 1, line <= lines.count else { return (file, 0) }
        return (lines[line - 1].file, lines[line - 1].number)
    }

    /// The comment after the `//!` lines and before the first layout: what the shader computes, one line.
    package var summary: String {
        let comment = lines.first { $0.file == file && $0.text.hasPrefix("// ") }
        return comment.map { String($0.text.dropFirst(3)) } ?? "Variants of `\(name).comp`."
    }

    private mutating func append(_ path: String, _ folder: String, depth: Int, _ read: (String) throws(ShaderErrors) -> String) throws(ShaderErrors) {
        let text = try read(path)
        var number = 0
        for row in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            guard let include = try includedName(row, path, number) else {
                lines.append(Line(file: path, number: number, text: String(row)))
                continue
            }
            guard depth < 16 else { throw ShaderErrors(path, number, "includes are nested more than 16 deep") }
            let target = "\(folder)/\(include)"
            guard included.insert(target).inserted else { continue }
            do {
                try append(target, folder, depth: depth + 1, read)
            } catch  where error.list.first?.file == target && error.list.first?.line == 0 {
                throw ShaderErrors(path, number, "\"\(include)\" cannot be read from \(folder): \(error.list.first?.message ?? "")")
            }
        }
    }

    private func includedName(_ row: Substring, _ path: String, _ number: Int) throws(ShaderErrors) -> String? {
        let line = row.drop { $0 == " " || $0 == "\t" }
        guard line.hasPrefix("#include") else { return nil }
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, !parts[1].contains("..") else { throw ShaderErrors(path, number, "expected #include \"name.glsl\"") }
        return String(parts[1])
    }
}
