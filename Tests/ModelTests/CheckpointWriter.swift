import OpsinModels

/// Writes TensorFlow checkpoints for tests: blocks, checksums and messages as `tensorflow/core/util/tensor_bundle` lays them out.
struct CheckpointWriter {
    struct Variable {
        var name: String
        var dimensions: [Int]
        /// TensorFlow's `DataType`: 1 is float, 9 is int64.
        var type = 1
        var bytes: [UInt8]
        var shard = 0

        init(_ name: String, _ dimensions: [Int], type: Int = 1, shard: Int = 0, value: Float? = nil) {
            (self.name, self.dimensions, self.type, self.shard) = (name, dimensions, type, shard)
            let count = dimensions.reduce(1, *)
            if type == 1 {
                bytes = (0..<count).flatMap { index in bytesOf((value ?? Float(index % 13) / 64 - 0.1).bitPattern, 4) }
            } else {
                bytes = [UInt8](repeating: 7, count: count * 8)
            }
        }
    }

    var variables: [Variable]
    var shardCount = 1
    /// Blocks as literals of Snappy.
    var isCompressed = false
    /// Changes the contents of the block of entries before its checksum is made.
    var mutate: ([UInt8]) -> [UInt8] = { $0 }

    /// The data of each shard.
    var shards: [[UInt8]] { (0..<shardCount).map { shard in variables.filter { $0.shard == shard }.flatMap(\.bytes) } }

    /// The index file.
    var index: [UInt8] {
        var offsets = [Int](repeating: 0, count: shardCount)
        var entries: [(String, [UInt8])] = [("", field(1, varint(shardCount)) + field(3, bytes: field(1, varint(1))))]
        for variable in variables.sorted(by: { $0.name < $1.name }) {
            // Shards hold the variables in the order of the list.
            offsets[variable.shard] = variables.prefix { $0.name != variable.name }.filter { $0.shard == variable.shard }.reduce(0) { $0 + $1.bytes.count }
            let shape = variable.dimensions.flatMap { field(2, bytes: field(1, varint($0))) }
            let checksum = unsafe variable.bytes.withUnsafeBytes { unsafe CRC32C.masked(CRC32C.of($0)) }
            entries.append(
                (
                    variable.name,
                    field(1, varint(variable.type)) + field(2, bytes: shape) + field(3, varint(variable.shard)) + field(4, varint(offsets[variable.shard]))
                        + field(5, varint(variable.bytes.count)) + [6 << 3 | 5] + bytesOf(checksum, 4)
                ))
        }
        var file: [UInt8] = []
        let data = append(mutate(block(entries)), to: &file)
        let meta = append(block([]), to: &file)
        let index = append(block([("zzzz", data)]), to: &file)
        let footer = meta + index
        return file + footer + [UInt8](repeating: 0, count: 40 - footer.count) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    }

    /// Entries whose keys repeat the one before as far as they agree, and one restart point.
    private func block(_ entries: [(String, [UInt8])]) -> [UInt8] {
        var out: [UInt8] = [], last: [UInt8] = []
        for (name, value) in entries {
            let key = Array(name.utf8), shared = zip(key, last).prefix { $0 == $1 }.count
            out += varint(shared) + varint(key.count - shared) + varint(value.count) + key[shared...] + value
            last = key
        }
        return out + bytesOf(UInt32(0), 4) + bytesOf(UInt32(1), 4)
    }

    /// Adds a block with its trailer; returns its handle.
    private func append(_ content: [UInt8], to file: inout [UInt8]) -> [UInt8] {
        var stored = content
        if isCompressed {
            stored = varint(content.count)
            for start in stride(from: 0, to: content.count, by: 50) {
                let piece = content[start..<min(start + 50, content.count)]
                stored += [UInt8(piece.count - 1) << 2] + piece
            }
        }
        let handle = varint(file.count) + varint(stored.count)
        stored.append(isCompressed ? 1 : 0)
        let checksum = unsafe stored.withUnsafeBytes { unsafe CRC32C.masked(CRC32C.of($0)) }
        file += stored + bytesOf(checksum, 4)
        return handle
    }

    private func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] { [number << 3] + value }
    private func field(_ number: UInt8, bytes: [UInt8]) -> [UInt8] { [number << 3 | 2] + varint(bytes.count) + bytes }

    private func varint(_ value: Int) -> [UInt8] {
        var rest = UInt64(bitPattern: Int64(value)), out: [UInt8] = []
        while rest >= 128 {
            out.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return out + [UInt8(rest)]
    }

    /// All variables of a MOAT with a stem of 4 and one block a stage, 32 channels wide where there is attention.
    static func smallMOAT(classCount: Int = 3) -> [Variable] {
        var all: [Variable] = []
        func norm(_ name: String, _ width: Int) {
            for (part, value) in [("gamma", Float(1)), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)] {
                all.append(Variable("\(name)/\(part)", [width], value: value))
            }
        }
        func conv(_ name: String, _ shape: [Int], bias: Bool = true, leaf: String = "kernel") {
            all.append(Variable("\(name)/\(leaf)", shape))
            if bias { all.append(Variable("\(name)/bias", [shape[3]])) }
        }
        conv("moat/stem/conv_0", [3, 3, 3, 4])
        norm("moat/stem/norm_0", 4)
        conv("moat/stem/conv_1", [3, 3, 4, 4])
        var input = 4
        for (stage, width) in [8, 8, 32, 64].enumerated() {
            let path = "moat/block_0\(stage)_00", inner = 4 * width
            if input != width { conv("\(path)/shortcut_conv", [1, 1, input, width]) }
            norm("\(path)/pre_norm", input)
            conv("\(path)/expand_conv", [1, 1, input, inner], bias: false)
            norm("\(path)/expand_norm", inner)
            conv("\(path)/depthwise_conv", [3, 3, inner, 1], bias: false, leaf: "depthwise_kernel")
            norm("\(path)/depthwise_norm", inner)
            if stage < 2 {
                conv("\(path)/se/reduce_conv2d", [1, 1, inner, width / 4])
                conv("\(path)/se/expand_conv2d", [1, 1, width / 4, inner])
            }
            conv("\(path)/shrink_conv", [1, 1, inner, width])
            if stage >= 2 {
                for part in ["gamma", "beta"] { all.append(Variable("\(path)/attention_norm/\(part)", [width])) }
                let heads = width / 32, side = stage == 2 ? 27 : 13
                for part in ["q", "k", "v"] {
                    all.append(Variable("\(path)/attention/\(part)/weight", [width, heads, 32]))
                    all.append(Variable("\(path)/attention/\(part)/bias", [heads, 32]))
                }
                all.append(Variable("\(path)/attention/o/weight", [heads, 32, width]))
                all.append(Variable("\(path)/attention/o/bias", [width]))
                all.append(Variable("\(path)/attention/relative_position_embedding", [heads, side, side]))
            }
            input = width
        }
        for part in ["gamma", "beta"] { all.append(Variable("moat/final_layer_norm/\(part)", [input])) }
        conv("moat/logits_head", [1, 1, input, classCount])
        return all
    }
}

/// The low `count` bytes of `value`, little endian.
private func bytesOf(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
