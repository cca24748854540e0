internal import OpsinGraph
internal import OpsinModels

/// Model folders in another precision.
public enum Conversion {
    /// Writes the folder `input` to `output` with its weights in `dtype` (`f16`, `bf16`, `f32`). Returns the bytes of the weights.
    @discardableResult
    public static func run(from input: String, to output: String, dtype: String) throws(OpsinError) -> Int {
        let types: [String: ConstantType] = ["f16": .float16, "bf16": .bfloat16, "f32": .float32]
        guard let type = types[dtype] else { throw OpsinError(.argument, "dtype \"\(dtype.prefix(40))\" is unknown (expected f16, bf16 or f32)") }
        do {
            let folder = try ModelFolder(path: input)
            // A folder that does not open is not worth converting: the error names its tensor.
            _ = try folder.network()
            try folder.convert(to: output, type: type)
            return try ModelFolder(path: output).network().weights.byteCount
        } catch {
            throw OpsinError(error)
        }
    }
}
