package import OpsinGraph

/// Takes the tensors of a `WeightSource` for the layers of one model and keeps account: what was asked for, what was missing or mis-shaped,
/// and what nobody asked for.
package struct WeightReader: Sendable {
    /// Whether a tensor counts as a parameter, as `torch.nn.Module.parameters()` does, or is a running statistic.
    package enum Role: Sendable { case parameter, statistic }

    private let source: WeightSource
    /// What stands before every name that is asked for, in the source.
    package var prefix = ""
    private var asked: Set<String> = []
    private var problems: [String] = []
    /// Names of the tensors that layers take as whole numbers too.
    package private(set) var quantizable: Set<String> = []
    /// Elements of all parameters that were asked for.
    package private(set) var parameterCount = 0

    package init(_ source: WeightSource) { self.source = source }

    /// The tensor of that name. When it is missing or has another shape that is noted for `finish`, and zeros stand in for it, so that the remaining layers
    /// are checked too. Throws when there cannot be such a tensor.
    package mutating func tensor(_ name: String, _ dimensions: [Int], role: Role = .parameter) throws(ModelError) -> Constant {
        let name = self.prefix + name
        let isNew = asked.insert(name).inserted
        let constant = try find(name, dimensions)
        if role == .parameter, isNew { parameterCount += constant.count }
        return constant
    }

    /// The values of a one-dimensional tensor.
    package mutating func vector(_ name: String, _ count: Int, role: Role = .parameter) throws(ModelError) -> [Float] {
        try tensor(name, [count], role: role).floats()
    }

    /// What stands behind a tensor's name in the name of its scales.
    package static let scaleSuffix = "_scale"

    /// The same for what is added to each output, because rounding the weights moved its mean.
    package static let correctionSuffix = "_correction"

    /// The weights of a convolution or linear layer, outputs first, which a quantised folder has as whole numbers; then with a factor an output, of the tensor
    /// `name_scale`, whose numbers each serve as many neighbouring outputs, and perhaps with what is added to each output, `name_correction`.
    package mutating func weights(_ name: String, _ dimensions: [Int]) throws(ModelError) -> (Constant, scale: [Float]?, correction: [Float]?) {
        let full = prefix + name
        quantizable.insert(full)
        guard case .weight(let constant)? = source.tensors[full], constant.type == .int8, constant.dimensions == dimensions else {
            return (try tensor(name, dimensions), nil, nil)
        }
        if asked.insert(full).inserted { parameterCount += constant.count }
        let scaleName = full + Self.scaleSuffix, outputs = dimensions[0]
        asked.insert(scaleName)
        guard case .weight(let scales)? = source.tensors[scaleName], scales.type == .float32, scales.dimensions.count == 1, outputs % scales.count == 0 else {
            problems.append(
                "tensor \(shown(scaleName)) is \(found(scaleName)), expected F32 of one number for each of \(outputs) outputs or for groups of them")
            return (constant, [Float](repeating: 1, count: outputs), nil)
        }
        let values = scales.floats(), group = outputs / scales.count
        guard values.allSatisfy({ $0 > 1e-30 && $0 < 1e30 }) else {
            problems.append("tensor \(shown(scaleName)) holds a number that is no scale, expected 1e-30 to 1e30")
            return (constant, [Float](repeating: 1, count: outputs), nil)
        }
        let correctionName = full + Self.correctionSuffix
        var correction: [Float]?
        if source.tensors[correctionName] != nil {
            asked.insert(correctionName)
            if case .weight(let added)? = source.tensors[correctionName], added.type == .float32, added.dimensions == [outputs] {
                correction = added.floats()
            } else {
                problems.append("tensor \(shown(correctionName)) is \(found(correctionName)), expected F32 [\(outputs)]")
            }
        }
        return (constant, (0..<outputs).map { values[$0 / group] }, correction)
    }

    /// Whether there is a tensor of that name.
    package func contains(_ name: String) -> Bool { source.tensors[name] != nil }

    /// The values of a tensor that the graph holds in another order or at another size than the file.
    package mutating func values(_ name: String, _ dimensions: [Int]) throws(ModelError) -> [Float] {
        let constant = try tensor(name, dimensions)
        // A copy, unlike a weight that stays where it is: no configuration may ask for more than 128 MiB.
        guard constant.byteCount <= 1 << 27 else { throw tooLarge(name, dimensions) }
        defer { constant.setAside() }
        return constant.floats()
    }

    /// Counts a parameter that training leaves in files and that inference does not read. It may be missing.
    package mutating func unread(_ name: String, _ dimensions: [Int]) throws(ModelError) {
        if source.isMadeUp || source.tensors[name] != nil { _ = try tensor(name, dimensions) }
    }

    /// Marks all tensors whose names begin with `prefix` as known: layers that a file holds and that the architecture leaves out.
    package mutating func ignore(prefix: String) {
        let beginning = self.prefix + prefix
        for name in source.tensors.keys where name.hasPrefix(beginning) { asked.insert(name) }
    }

    /// Throws one error for everything that did not fit: the first tensor, and how many more there are. Tensors that are no weights
    /// (`num_batches_tracked`, `position_ids`) may be left over; other tensors that no layer asked for are unknown.
    package func finish() throws(ModelError) {
        let unknown = source.tensors.keys.filter { !asked.contains($0) && !Self.isKnownNonWeight($0) }.sorted()
        let all = problems.count + unknown.count
        guard all > 0 else { return }
        let first = problems.first ?? unknown.first.map { "unknown tensor \(shown($0)) \(found($0)), which no layer of the architecture takes" } ?? ""
        throw ModelError(.weights, file: source.name, first + (all > 1 ? " (and \(all - 1) more tensors that do not fit)" : ""))
    }

    /// Names that training leaves in files and that inference does not read.
    static func isKnownNonWeight(_ name: String) -> Bool {
        name.hasSuffix("num_batches_tracked") || name.hasSuffix("position_ids") || name.hasSuffix("relative_position_index")
    }

    private mutating func find(_ name: String, _ dimensions: [Int]) throws(ModelError) -> Constant {
        if case .weight(let constant)? = source.tensors[name], constant.dimensions == dimensions, constant.type != .int8 { return constant }
        if !source.isMadeUp {
            problems.append(
                source.tensors[name] == nil
                    ? "tensor \(shown(name)) is missing, expected \(dimensions)"
                    : "tensor \(shown(name)) is \(found(name)), expected \(dimensions) of F32, F16 or BF16")
        }
        var byteCount = 4
        for dimension in dimensions {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
            guard dimension >= 1, !overflow else { throw tooLarge(name, dimensions) }
            byteCount = product
        }
        guard let storage = File.zeros(byteCount), let zeros = Constant(name: name, dimensions: dimensions, type: .float32, storage: storage, offset: 0) else {
            throw tooLarge(name, dimensions)
        }
        return zeros
    }

    private func found(_ name: String) -> String {
        switch source.tensors[name] {
        case .weight(let constant)?: "\(constant.type.rawValue) \(constant.dimensions)"
        case .other(let type, let dimensions)?: "\(type.rawValue) \(dimensions)"
        case nil: "missing"
        }
    }

    private func tooLarge(_ name: String, _ dimensions: [Int]) -> ModelError {
        ModelError(.weights, file: source.name, "the configuration asks for tensor \(shown(name)) of \(dimensions), which is too large")
    }
}
