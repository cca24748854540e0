/// Why a graph cannot be built: what was asked, what was expected and what was found, in one sentence.
package struct GraphError: Error, CustomStringConvertible, Sendable {
    package enum Code: Sendable {
        /// Shapes that do not fit together.
        case shape
        /// An attribute outside of its range.
        case attribute
        /// A weight of another shape than the op needs.
        case weights
    }

    package let code: Code
    package let description: String

    package static func shape(_ text: String) -> GraphError { GraphError(code: .shape, description: text) }
    package static func attribute(_ text: String) -> GraphError { GraphError(code: .attribute, description: text) }
    package static func weights(_ text: String) -> GraphError { GraphError(code: .weights, description: text) }
}
