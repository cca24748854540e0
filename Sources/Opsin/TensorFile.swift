internal import OpsinGraph
internal import OpsinModels

/// Tensors in safetensors files, fp32.
public enum TensorFile {
    /// All floating-point tensors of a file, in its order.
    public static func read(_ path: String) throws(OpsinError) -> [Tensor] {
        do {
            let file = try SafetensorsFile(path: path)
            return file.tensors.compactMap { entry in
                file.constant(entry).map { Tensor(name: entry.name, trusted: entry.dimensions, values: $0.floats()) }
            }
        } catch {
            throw OpsinError(error)
        }
    }

    /// Writes `tensors` as F32; the file appears whole or not at all.
    public static func write(_ tensors: [Tensor], to path: String) throws(OpsinError) {
        do {
            try SafetensorsWriter(isDurable: false).write(
                tensors.map { SafetensorsWriter.Tensor(name: $0.name, dimensions: $0.dimensions, values: $0.values) }, to: path)
        } catch {
            throw OpsinError(.io, error.description)
        }
    }
}

extension Tensor {
    /// Every stride-th of the values, at most 4096 of them, under the name `sample.NAME`: how the reference's intermediate values are stored.
    public func sample() -> Tensor {
        let stride = max(1, values.count / 4096)
        let sampled = Array(Swift.stride(from: 0, to: values.count, by: stride).prefix(4096)).map { values[$0] }
        return Tensor(name: "sample." + name, trusted: [sampled.count], values: sampled)
    }
}
