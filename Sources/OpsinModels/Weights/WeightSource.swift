package import OpsinGraph

/// Tensors by name: those of one or several safetensors files, of memory, or made up.
package struct WeightSource: Sendable {
    /// A tensor that a name leads to.
    enum Tensor: Sendable {
        case weight(Constant)
        /// A tensor that no layer can read: integers, fp64, or without elements.
        case other(TensorType, [Int])
    }

    /// The file or folder, for messages.
    package let name: String
    /// Bytes of all weights as they are stored.
    package let byteCount: Int
    let tensors: [String: Tensor]
    /// True when every tensor that is asked for exists and is zero.
    let isMadeUp: Bool

    /// The tensors of one model's files. Throws when two files hold the same name.
    package init(name: String, files: [SafetensorsFile]) throws(ModelError) {
        var tensors: [String: Tensor] = [:]
        var byteCount = 0
        for file in files {
            for entry in file.tensors {
                let tensor = file.constant(entry).map { Tensor.weight($0) } ?? .other(entry.type, entry.dimensions)
                guard tensors.updateValue(tensor, forKey: entry.name) == nil else {
                    throw ModelError(.format, file: file.path, "tensor \(shown(entry.name)) is in another shard too")
                }
                if case .weight(let constant) = tensor { byteCount += constant.byteCount }
            }
        }
        (self.name, self.tensors, self.byteCount, isMadeUp) = (name, tensors, byteCount, false)
    }

    /// Tensors in memory, the last of each name.
    package init(name: String, constants: [Constant]) {
        var tensors: [String: Tensor] = [:]
        for constant in constants { tensors[constant.name] = .weight(constant) }
        (self.name, self.tensors, isMadeUp) = (name, tensors, false)
        byteCount = constants.reduce(0) { $0 + $1.byteCount }
    }

    init(name: String, byteCount: Int, tensors: [String: Tensor], isMadeUp: Bool) {
        (self.name, self.byteCount, self.tensors, self.isMadeUp) = (name, byteCount, tensors, isMadeUp)
    }

    private init(madeUp name: String) { (self.name, tensors, byteCount, isMadeUp) = (name, [:], 0, true) }

    /// Zeros under every name and of every shape: what an architecture is counted with when there is no file.
    package static let madeUp = WeightSource(madeUp: "made-up weights")
}
