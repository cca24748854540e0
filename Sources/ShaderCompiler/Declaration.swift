/// What the `//!` lines of a shader say: axes and specialization constants.
package struct Declaration: Sendable {
    package struct Constant: Sendable {
        package let name: String
        /// As written; nil when the caller must give it.
        package let defaultText: String?
        package let line: Int
    }

    package private(set) var axes: [Axis] = []
    /// In order of their ids, which are 0, 1, 2...
    package private(set) var constants: [Constant] = []
    /// `//! shared NAME v1 v2` of include files: axes that have one Swift type for all shaders.
    package private(set) var shared: [Axis] = []

    package init(_ source: ShaderSource) throws(ShaderErrors) {
        for line in source.lines where line.text.hasPrefix("//!") {
            let words = line.text.dropFirst(3).split(separator: " ").map(String.init)
            switch words.first {
            case "shared": shared.append(try Declaration.axis(words, line))
            case "axis", "const": continue
            default: throw ShaderErrors(line.file, line.number, "expected `//! axis`, `//! const` or `//! shared`")
            }
        }
        for line in source.lines where line.text.hasPrefix("//!") {
            let words = line.text.dropFirst(3).split(separator: " ").map(String.init)
            if words.first == "axis" { try appendAxis(words, line) }
            if words.first == "const" { try appendConstant(words, line) }
        }
    }

    /// Every combination of the axes' values, the last axis fastest; one empty combination without axes.
    package var variants: [[String]] {
        axes.reduce([[]]) { rows, axis in rows.flatMap { row in axis.values.map { row + [$0] } } }
    }

    /// The `#define` lines of one variant.
    package func preamble(_ variant: [String]) -> String {
        zip(axes, variant).flatMap { $0.defines($1) }.map { $0 + "\n" }.joined()
    }

    private mutating func appendAxis(_ words: [String], _ line: ShaderSource.Line) throws(ShaderErrors) {
        var axis: Axis
        if words.count == 2, let known = shared.first(where: { $0.name == words[1] }) {
            axis = known
        } else {
            axis = try Declaration.axis(words, line)
            if let known = shared.first(where: { $0.name == axis.name }), known != axis {
                throw ShaderErrors(line.file, line.number, "axis \(axis.name) is shared and has the values \(known.values.joined(separator: " "))")
            }
        }
        guard !axes.contains(where: { $0.name == axis.name }) else { throw ShaderErrors(line.file, line.number, "axis \(axis.name) is declared twice") }
        axes.append(axis)
    }

    private mutating func appendConstant(_ words: [String], _ line: ShaderSource.Line) throws(ShaderErrors) {
        guard (3...4).contains(words.count), let id = Int(words[1]), Declaration.isName(words[2]) else {
            throw ShaderErrors(line.file, line.number, "expected `//! const ID NAME [default]`")
        }
        guard id == constants.count else { throw ShaderErrors(line.file, line.number, "constant \(words[2]) has id \(id), expected \(constants.count)") }
        constants.append(Constant(name: words[2], defaultText: words.count == 4 ? words[3] : nil, line: line.number))
    }

    private static func axis(_ words: [String], _ line: ShaderSource.Line) throws(ShaderErrors) -> Axis {
        guard words.count >= 3, isName(words[1]) else { throw ShaderErrors(line.file, line.number, "expected `//! \(words[0]) NAME value...`") }
        let values = Array(words[2...])
        for value in values where Axis.numbers(value) == nil && !isName(value.uppercased()) {
            throw ShaderErrors(line.file, line.number, "axis value `\(value)` is neither a word, a number nor WxH")
        }
        guard Set(values).count == values.count else { throw ShaderErrors(line.file, line.number, "axis \(words[1]) names a value twice") }
        return Axis(name: words[1], values: values)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first >= 65, first <= 90 else { return false }
        return text.utf8.allSatisfy { ($0 >= 65 && $0 <= 90) || ($0 >= 48 && $0 <= 57) || $0 == 95 }
    }
}
