internal import Glibc

/// What `opsin tune` found better on a device than what the heuristics choose.
package struct DeviceTuning: Sendable, Equatable {
    package var workgroups: Int
    package var tilesProducts: Bool
    package var handsRound: Bool
    /// By how many per cent the model that was measured runs faster.
    package var gain: Int

    package init(_ traits: KernelTraits, gain: Int) {
        (workgroups, tilesProducts, handsRound, self.gain) = (traits.workgroups, traits.tilesProducts, traits.handsRound, gain)
    }

    /// `traits` with what was found; nothing that the device lacks.
    func applied(to traits: KernelTraits) -> KernelTraits {
        var tuned = traits
        (tuned.workgroups, tuned.tilesProducts, tuned.handsRound) = (workgroups, tilesProducts, handsRound && traits.handsRound)
        return tuned
    }
}

/// A tuning kept beside the pipeline cache, in the same checked form: one file per device, driver and set of shaders; any other file is ignored.
package struct TuningFile: Sendable {
    private let file: PipelineCacheFile

    package init(folder: String, device: DeviceInfo, shaders: UInt64 = Shaders.hash) {
        file = PipelineCacheFile(folder: folder, device: device, shaders: shaders, ending: "tuning")
    }

    package var path: String { file.path }

    /// What was found; nil where nothing usable is kept.
    package func load() -> DeviceTuning? {
        guard let data = file.load().data else { return nil }
        var numbers: [Substring: Int] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { return nil }
            numbers[words[0]] = number
        }
        guard let workgroups = numbers["workgroups"], (1...1 << 20).contains(workgroups), let staged = numbers["staged"], let round = numbers["round"],
            let gain = numbers["gain"]
        else { return nil }
        var tuning = DeviceTuning(workgroups: workgroups, gain: gain)
        (tuning.tilesProducts, tuning.handsRound) = (staged != 0, round != 0)
        return tuning
    }

    /// Keeps `tuning`; returns why it could not.
    package func save(_ tuning: DeviceTuning) -> String? {
        let text = "workgroups \(tuning.workgroups)\nstaged \(tuning.tilesProducts ? 1 : 0)\nround \(tuning.handsRound ? 1 : 0)\ngain \(tuning.gain)\n"
        return file.save(Array(text.utf8))
    }

    /// Forgets it; true where there was one.
    @discardableResult
    package func remove() -> Bool { unsafe unlink(path) == 0 }
}

extension DeviceTuning {
    fileprivate init(workgroups: Int, gain: Int) { (self.workgroups, tilesProducts, handsRound, self.gain) = (workgroups, false, false, gain) }
}
