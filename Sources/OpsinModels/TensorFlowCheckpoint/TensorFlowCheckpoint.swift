package import OpsinGraph

/// A checkpoint of `tf.train.Saver`: an index (`*.index`) and shards of data (`*.data-0000k-of-0000n`), mapped or in memory. Nothing of it is trusted.
package struct TensorFlowCheckpoint: Sendable {
    /// The index, for messages.
    package let path: String
    private let entries: [CheckpointEntry]
    private let shards: [ByteStorage]

    /// Reads the checkpoint of that index file; its shards stand beside it.
    package init(index path: String) throws(ModelError) {
        let prefix = String(path.dropLast(Self.suffix.utf8.count))
        try self.init(index: File.contents(path, limit: 256 << 20), path: path) { (name) throws(ModelError) in
            let shard = prefix + name
            guard File.kind(shard) != nil else { throw ModelError(.file, file: shard, "is missing, a shard of \(path)") }
            return try File.map(shard)
        }
    }

    /// Reads a checkpoint from the bytes of its index; `shard` gives the data file of that ending (`.data-00000-of-00001`). `path` is for messages.
    package init(index bytes: [UInt8], path: String, shard: (String) throws(ModelError) -> ByteStorage) throws(ModelError) {
        var entries: [CheckpointEntry] = []
        var shardCount: Int?
        for (key, value) in try TableFile(bytes, file: path).entries {
            guard !key.isEmpty else {
                shardCount = try Self.shardCount(value, path)
                continue
            }
            let name = String(decoding: key, as: UTF8.self)
            // Keys of slices hold zero bytes; the variable that they belong to says that it has them.
            guard !key.contains(0) else { continue }
            var isSliced = false
            guard let entry = CheckpointEntry(name: name, value[...], isSliced: &isSliced) else {
                throw ModelError(.format, file: path, "the entry of variable \(shown(name)) is broken")
            }
            guard !isSliced else { throw ModelError(.unsupported, file: path, "variable \(shown(name)) is stored in slices, which is not supported") }
            entries.append(entry)
        }
        guard let shardCount else { throw ModelError(.format, file: path, "has no header, no index of a TensorFlow checkpoint") }
        if entries.contains(where: { $0.name.hasSuffix("/.ATTRIBUTES/VARIABLE_VALUE") }) {
            throw ModelError(.unsupported, file: path, "is an object-based checkpoint of TensorFlow 2; expected one of tf.train.Saver, as MOAT's are")
        }
        var shards: [ByteStorage] = []
        for index in 0..<shardCount { shards.append(try shard(".data-\(Self.fiveDigits(index))-of-\(Self.fiveDigits(shardCount))")) }
        (self.path, self.entries, self.shards) = (path, entries, shards)
    }

    static let suffix = ".index"

    /// Names of all variables, bookkeeping included, in the order of the index.
    package var variables: [String] { entries.map(\.name) }

    /// The weights under their variables' names. An exponential moving average takes the place of the variable that it follows; what optimizers keep
    /// (slots beneath a variable, counters) is left out. Checks each tensor's size and checksum.
    package func weights() throws(ModelError) -> WeightSource {
        let average = "/ExponentialMovingAverage"
        let names = Set(entries.map(\.name))
        var constants: [Constant] = []
        for entry in entries {
            var name = entry.name
            if name.hasSuffix(average) {
                name = String(name.dropLast(average.utf8.count))
            } else if names.contains(name + average) || Self.isBookkeeping(name, names) {
                continue
            }
            guard let constant = try constant(entry, name: name) else { continue }
            constants.append(constant)
        }
        return WeightSource(name: path, constants: constants)
    }

    /// A counter at the top (`global_step`), or a slot (`moat/stem/conv_0/kernel/Momentum`), whose path leads through a variable.
    private static func isBookkeeping(_ name: String, _ names: Set<String>) -> Bool {
        guard let slash = name.lastIndex(of: "/") else { return true }
        return names.contains(String(name[..<slash]))
    }

    /// The tensor as a weight; nil for integers.
    private func constant(_ entry: CheckpointEntry, name: String) throws(ModelError) -> Constant? {
        guard let type = CheckpointEntry.types[entry.type] else {
            throw ModelError(.unsupported, file: path, "variable \(shown(name)) has TensorFlow's type \(entry.type), expected F32, F16 or BF16")
        }
        guard let stored = ConstantType(rawValue: type.name) else {
            guard type.name.hasPrefix("F") else { return nil }
            throw ModelError(.unsupported, file: path, "variable \(shown(name)) is \(type.name), expected F32, F16 or BF16")
        }
        guard entry.expectedByteCount == entry.byteCount else {
            throw ModelError(
                .format, file: path,
                "variable \(shown(name)) takes \(entry.byteCount) bytes, expected \(entry.expectedByteCount.map(String.init) ?? "fewer") for \(type.name) \(entry.dimensions)"
            )
        }
        guard shards.indices.contains(entry.shard) else {
            throw ModelError(.format, file: path, "variable \(shown(name)) is in shard \(entry.shard), there are \(shards.count)")
        }
        let shard = shards[entry.shard]
        // Both are at most 2^48.
        guard entry.offset + entry.byteCount <= shard.count else {
            throw ModelError(
                .format, file: path,
                "variable \(shown(name)) ends at byte \(entry.offset + entry.byteCount) of shard \(entry.shard), which has \(shard.count): cut short")
        }
        guard let constant = Constant(name: name, dimensions: entry.dimensions, type: stored, storage: shard, offset: entry.offset) else {
            throw ModelError(.format, file: path, "variable \(shown(name)): \(entry.dimensions) is no shape of a weight")
        }
        guard unsafe constant.withBytes({ unsafe CRC32C.masked(CRC32C.of($0)) }) == entry.checksum else {
            throw ModelError(.format, file: path, "variable \(shown(name)) does not have its CRC32C: shard \(entry.shard) is damaged")
        }
        return constant
    }

    /// What the header (`BundleHeaderProto`) says, checked.
    private static func shardCount(_ message: [UInt8], _ path: String) throws(ModelError) -> Int {
        var fields = ProtobufReader(message[...]), count = 0
        while let (number, value) = fields.next() {
            guard case .varint(let value) = value else { continue }
            if number == 1 { count = Int(clamping: value) }
            if number == 2, value != 0 { throw ModelError(.unsupported, file: path, "is a big-endian checkpoint, expected a little-endian one") }
        }
        guard !fields.isBroken, (1...4096).contains(count) else {
            throw ModelError(.format, file: path, "its header names \(count) shards, expected 1 to 4096")
        }
        return count
    }

    private static func fiveDigits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
    }
}
