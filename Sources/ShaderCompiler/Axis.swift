/// One `//! axis NAME v1 v2` line: a choice that is made at build time, one SPIR-V module a value.
package struct Axis: Sendable, Equatable {
    package let name: String
    package let values: [String]

    /// The numbers of `4x2` or `16`; nil for a word like `f16`.
    package static func numbers(_ value: String) -> [Int]? {
        let parts = value.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), !parts.contains(nil) else { return nil }
        return parts.compactMap(\.self)
    }

    /// What the shader sees: `TILE_W`, `TILE_H` of `4x2`; `LANES` of `16`; `STORAGE_F16` of `f16`.
    package func defines(_ value: String) -> [String] {
        switch Axis.numbers(value) {
        case let numbers? where numbers.count == 2: ["#define \(name)_W \(numbers[0])", "#define \(name)_H \(numbers[1])"]
        case let numbers?: ["#define \(name) \(numbers[0])"]
        case nil: ["#define \(name)_\(value.uppercased()) 1"]
        }
    }

    /// The Swift name of a value: `w4h2`, `n16`, `f16`.
    package static func caseName(_ value: String) -> String {
        switch numbers(value) {
        case let numbers? where numbers.count == 2: "w\(numbers[0])h\(numbers[1])"
        case let numbers?: "n\(numbers[0])"
        case nil: value.camelCased
        }
    }
}

extension String {
    /// `TILE_SHAPE` and `tile_shape` become `tileShape`.
    package var camelCased: String {
        let words = split(separator: "_").map { $0.lowercased() }
        return (words.first ?? "") + words.dropFirst().map(\.capitalizedFirst).joined()
    }

    /// `hard_swish` becomes `HardSwish`.
    package var typeCased: String { camelCased.capitalizedFirst }

    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
