/// `model.safetensors.index.json`: which shard holds which tensor.
package struct SafetensorsIndex: Sendable {
    /// Paths of the shards, in the order of their names.
    package let shards: [String]

    /// Reads an index. Every shard must be a plain name in the index's own folder.
    package init(path: String) throws(ModelError) {
        guard let map = try File.json(path)["weight_map"]?.members, !map.isEmpty else {
            throw ModelError(.format, file: path, "no weight_map, expected an object from tensors to files")
        }
        var names: Set<String> = []
        for member in map {
            guard let name = member.value.string else { throw ModelError(.format, file: path, "weight_map of tensor \(shown(member.name)) is no file name") }
            names.insert(name)
        }
        guard names.count <= 1000 else { throw ModelError(.format, file: path, "\(names.count) shards, expected at most 1000") }
        for name in names {
            // A name with a slash could lead out of the folder, and no publisher has one.
            guard name.hasSuffix(".safetensors"), !name.contains("/"), !name.utf8.contains(0), name.utf8.count <= 255 else {
                throw ModelError(.format, file: path, "shard \"\(shown(name))\" is no safetensors file of this folder")
            }
        }
        shards = names.sorted().map { File.join(File.folder(of: path), $0) }
    }
}
