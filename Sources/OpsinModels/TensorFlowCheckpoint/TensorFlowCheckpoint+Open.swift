internal import OpsinGraph

extension TensorFlowCheckpoint {
    /// Where a checkpoint stands.
    enum Location: Sendable {
        /// The path of an index.
        case index(String)
        /// The path of a `.tar.gz`, `.tgz` or `.tar`.
        case archive(String)
    }

    /// The checkpoint that `path` names: an index, the prefix of one, an archive, or a folder that holds one; nil when it names none. Throws when a folder
    /// holds several and no `checkpoint` file says which.
    static func location(_ path: String) throws(ModelError) -> Location? {
        switch File.kind(path) {
        case .file? where path.hasSuffix(suffix): return .index(path)
        case .file? where [".tar.gz", ".tgz", ".tar"].contains { path.hasSuffix($0) }: return .archive(path)
        case .folder?: return try index(inFolder: path).map { .index($0) }
        case nil where File.kind(path + suffix) == .file: return .index(path + suffix)
        default: return nil
        }
    }

    private static func index(inFolder path: String) throws(ModelError) -> String? {
        let found = try File.names(inFolder: path).filter { $0.hasSuffix(suffix) && $0 != suffix }
        guard found.count > 1 else { return found.first.map { File.join(path, $0) } }
        // TensorFlow notes the latest one: model_checkpoint_path: "model.ckpt-1000".
        let note = File.join(path, "checkpoint")
        if File.kind(note) == .file {
            let text = String(decoding: try File.contents(note, limit: 1 << 20), as: UTF8.self)
            let quoted = text.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
            if quoted.count > 1, let name = quoted[1].split(separator: "/").last, found.contains(name + suffix) { return File.join(path, name + suffix) }
        }
        throw ModelError(.file, file: path, "holds \(found.count) checkpoints, name the index of the one that you want")
    }

    /// Reads a checkpoint out of an archive, and the `config.json` beside it when there is one.
    static func open(archive path: String) throws(ModelError) -> (checkpoint: TensorFlowCheckpoint, config: JSON?) {
        let archive = try TarArchive(path: path) { name in name.hasSuffix(suffix) || name.contains(".data-") || name.hasSuffix("config.json") }
        let indexes = archive.files.keys.filter { $0.hasSuffix(suffix) }.sorted()
        guard let index = indexes.first, indexes.count == 1, let bytes = archive.files[index] else {
            throw ModelError(.file, file: path, "holds \(indexes.count) checkpoints (*\(suffix)), expected one")
        }
        let prefix = String(index.dropLast(suffix.utf8.count)), files = archive.files
        let checkpoint = try TensorFlowCheckpoint(index: bytes, path: path) { (name) throws(ModelError) in
            guard let shard = files[prefix + name] else {
                throw ModelError(.file, file: path, "holds no \(shown(prefix + name, keepingEnd: true)), a shard of its checkpoint")
            }
            return ByteStorage(keeping: shard)
        }
        let folder = index.contains("/") ? File.folder(of: index) + "/" : ""
        guard let text = files[folder + "config.json"] else { return (checkpoint, nil) }
        do {
            return (checkpoint, try JSON(parsing: text.span))
        } catch {
            throw ModelError(.format, file: path, "config.json: \(error.description)")
        }
    }
}

extension ByteStorage {
    /// A copy of `bytes`.
    convenience init(keeping bytes: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        unsafe copy.copyBytes(from: bytes)
        unsafe self.init(base: UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped), count: bytes.count) { base, _ in unsafe base.deallocate() }
    }
}
