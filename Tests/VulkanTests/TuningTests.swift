import OpsinVulkan
import Testing

/// What `opsin tune` keeps.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct TuningTests {
    /// A tuning is used, a file that is not exactly ours is not, and the environment overrules both.
    @Test func aKeptTuningChoosesKernels() throws {
        var options = DeviceOptions()
        options.cacheFolder = temporaryFolder()
        let plain = try VulkanHere.device(options), file = TuningFile(folder: options.cacheFolder ?? "", device: plain.info)
        #expect(plain.tuning == nil && file.load() == nil)
        var traits = plain.traits
        (traits.workgroups, traits.handsRound, traits.tilesProducts) = (17, false, true)
        #expect(file.save(DeviceTuning(traits, gain: 12)) == nil)
        let tuned = try VulkanHere.device(options)
        #expect(tuned.tuning == DeviceTuning(traits, gain: 12))
        #expect(tuned.traits.workgroups == 17 && !tuned.traits.handsRound && tuned.traits.tilesProducts)
        var ignoring = options
        ignoring.usesTuning = false
        #expect(try VulkanHere.device(ignoring).traits == plain.traits)
        ignoring = options
        ignoring.workgroups = 5
        #expect(try VulkanHere.device(ignoring).traits.workgroups == 5)
        overwrite(file.path, with: [1, 2, 3])
        #expect(try VulkanHere.device(options).traits == plain.traits)
        #expect(file.remove() && !file.remove())
        #expect(TuningFile(folder: "/c", device: plain.info, shaders: 1).path != TuningFile(folder: "/c", device: plain.info, shaders: 2).path)
    }

    @Test func theEnvironmentIgnoresIt() { #expect(!DeviceOptions { $0 == "OPSIN_VK_TUNING" ? "0" : nil }.usesTuning && DeviceOptions { _ in nil }.usesTuning) }
}
