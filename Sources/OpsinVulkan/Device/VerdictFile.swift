/// What the self-tests found on one device, driver and set of shaders, kept beside the pipeline cache in the same checked form.
package struct VerdictFile: Sendable {
    private let file: PipelineCacheFile

    package init(folder: String, device: DeviceInfo, shaders: UInt64) {
        file = PipelineCacheFile(folder: folder, device: device, shaders: shaders, ending: "verdicts")
    }

    package var path: String { file.path }

    /// The defects that were found, `[:]` where all was well; nil when nothing usable was kept.
    package func load() -> [Feature: String]? {
        guard let data = file.load().data else { return nil }
        var defects: [Feature: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst() {
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, let feature = Feature(rawValue: String(parts[0])) else { return nil }
            defects[feature] = String(parts[1])
        }
        return defects
    }

    /// Keeps `defects`; a folder that cannot be written only means that the tests run again.
    package func save(_ defects: [Feature: String]) {
        let lines = defects.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "\($0.key.rawValue)\t\($0.value.split(separator: "\n").joined(separator: " "))\n"
        }
        _ = file.save(Array(("self-tests\n" + lines.joined()).utf8))
    }
}
