/// A size that a shader takes of the device, computed from its specialization constants: reverse Polish notation that the build wrote, `c0 16 * 64 +`.
package struct SizeProgram: Sendable {
    private let text: StaticString

    package init(_ text: StaticString) { self.text = text }

    /// Whether the size is another one with other constants.
    package var needsConstants: Bool { text.description.contains("c") }

    /// The size for these constants; the largest number where the program makes no sense or has no end, so that no device has so much.
    package func value(_ constants: [UInt32]) -> Int {
        var stack: [Int] = []
        for word in text.description.split(separator: " ") {
            if let number = Int(word) {
                stack.append(number)
            } else if word.hasPrefix("c"), let id = Int(word.dropFirst()), constants.indices.contains(id) {
                stack.append(Int(constants[id]))
            } else {
                guard let result = SizeProgram.apply(word, &stack) else { return .max }
                stack.append(result)
            }
        }
        return stack.count <= 1 ? stack.last ?? 0 : .max
    }

    private static func apply(_ sign: Substring, _ stack: inout [Int]) -> Int? {
        guard let b = stack.popLast(), let a = stack.popLast() else { return nil }
        switch sign {
        case "+": return checked(a.addingReportingOverflow(b))
        case "-": return checked(a.subtractingReportingOverflow(b))
        case "*": return checked(a.multipliedReportingOverflow(by: b))
        case "/": return b == 0 ? nil : a / b
        case "%": return b == 0 ? nil : a % b
        case ">": return a > b ? 1 : 0
        case ">=": return a >= b ? 1 : 0
        case "<": return a < b ? 1 : 0
        case "<=": return a <= b ? 1 : 0
        case "==": return a == b ? 1 : 0
        case "!=": return a != b ? 1 : 0
        case "?": return stack.popLast().map { $0 != 0 ? a : b }
        default: return nil
        }
    }

    private static func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int? { result.overflow ? nil : result.partialValue }
}
