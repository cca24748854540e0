/// A JSON object of a configuration file, read value by value: what is missing takes its default, what is wrong throws an error that names file and key.
package struct Config: Sendable {
    /// The file, for messages.
    package let file: String
    package let json: JSON
    /// Keys that lead to `json` inside the file, for messages.
    private let path: String

    package init(file: String, json: JSON, path: String = "") { (self.file, self.json, self.path) = (file, json, path) }

    /// The object of that name; an empty one when there is none.
    package func object(_ key: String) throws(ModelError) -> Config {
        guard let value = value(key) else { return Config(file: file, json: .object([]), path: path + key + ".") }
        guard value.members != nil else { throw wrong(key, value, "an object") }
        return Config(file: file, json: value, path: path + key + ".")
    }

    package func int(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.int, range.contains(number) else { throw wrong(key, value, "an integer of \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    /// Integers, each of `range`; nil when there are none.
    package func ints(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> [Int]? {
        guard let value = value(key) else { return nil }
        let numbers = value.array?.compactMap(\.int) ?? []
        guard let values = value.array, numbers.count == values.count, numbers.allSatisfy(range.contains) else {
            throw wrong(key, value, "an array of integers of \(range.lowerBound) to \(range.upperBound)")
        }
        return numbers
    }

    package func double(_ key: String, in range: ClosedRange<Double>) throws(ModelError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double, range.contains(number) else { throw wrong(key, value, "a number of \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    package func bool(_ key: String) throws(ModelError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.bool else { throw wrong(key, value, "true or false") }
        return flag
    }

    package func string(_ key: String) throws(ModelError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else { throw wrong(key, value, "a string") }
        return text
    }

    /// The value of that name; nil when there is none, or null.
    package func value(_ key: String) -> JSON? {
        guard let value = json[key], !value.isNull else { return nil }
        return value
    }

    /// The error for a value that is not `expected`.
    package func wrong(_ key: String, _ value: JSON, _ expected: String) -> ModelError {
        ModelError(.config, file: file, "\(path)\(key) is \(shown(value.summary, limit: 40)), expected \(expected)")
    }
}

extension JSON {
    /// The value as a message shows it: a scalar as text, a collection by its kind.
    var summary: String {
        switch self {
        case .array(let values): "an array of \(values.count)"
        case .object: "an object"
        default: text
        }
    }
}
