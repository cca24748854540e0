import OpsinModels

/// Reads the values of a preprocessing configuration, each checked; errors name the key, what was expected and what was found.
struct RecipeReader {
    /// Looked up in this order: the first that has the key counts.
    let sources: [JSON]

    init(_ sources: [JSON]) { self.sources = sources }

    /// The value of the key; null counts as missing.
    subscript(key: String) -> JSON? {
        for source in sources { if let value = source[key], !value.isNull { return value } }
        return nil
    }

    func fail(_ key: String, _ expected: String, _ found: JSON?) -> VisionError {
        VisionError(.recipe, "\"\(key)\": expected \(expected), found \(found.map { String($0.text.prefix(60)) } ?? "nothing")")
    }

    func bool(_ key: String, _ missing: Bool) throws(VisionError) -> Bool {
        guard let value = self[key] else { return missing }
        guard let flag = value.bool else { throw fail(key, "true or false", value) }
        return flag
    }

    /// A length in pixels.
    func side(_ key: String, _ value: JSON?) throws(VisionError) -> Int {
        guard let side = value?.int, (1...PreprocessRecipe.largestSide).contains(side) else {
            throw fail(key, "an integer of 1 to \(PreprocessRecipe.largestSide)", value)
        }
        return side
    }

    /// Three numbers; one stands for all three.
    func triple(_ key: String, _ missing: [Float], isDivisor: Bool = false) throws(VisionError) -> [Float] {
        guard let value = self[key] else { return missing }
        let numbers = value.array ?? [value, value, value]
        let expected = isDivisor ? "three finite numbers other than 0" : "three finite numbers"
        var out: [Float] = []
        for number in numbers.count == 1 ? [numbers[0], numbers[0], numbers[0]] : numbers.prefix(4) {
            guard let double = number.double, Float(double).isFinite, !isDivisor || Float(double) != 0 else { throw fail(key, expected, value) }
            out.append(Float(double))
        }
        guard out.count == 3 else { throw fail(key, expected, value) }
        return out
    }
}
