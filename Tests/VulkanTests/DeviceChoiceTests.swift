import OpsinVulkan
import Testing

@Suite struct DeviceChoiceTests {
    private func device(_ name: String, _ kind: DeviceInfo.Kind, uuid: UInt8, memory: UInt64 = 1 << 30, version: Int = 3, family: UInt32? = 0) -> DeviceInfo {
        DeviceInfo(
            name: name, kind: kind, vendorID: 1, deviceID: 2, driverName: "driver of \(name)", driverInfo: "1", driverVersion: 1,
            apiVersion: Version(major: 1, minor: version, patch: 0), uuid: [UInt8](repeating: uuid, count: 16), memoryBytes: memory, features: DeviceFeatures(),
            limits: DeviceLimits(), queueFamily: family)
    }

    private func chosen(_ list: [DeviceListing]) -> String? { list.first(where: \.chosen)?.info.name }

    @Test func autoNeverTakesACPU() {
        let list = judge([device("llvmpipe", .cpu, uuid: 1)], for: .auto)
        #expect(chosen(list) == nil)
        #expect(list[0].reason.contains("it is a CPU"))
        #expect(chosen(judge([device("llvmpipe", .cpu, uuid: 1)], for: .best)) == "llvmpipe")
    }

    @Test func kindComesBeforeMemory() {
        let all = [
            device("igpu", .integrated, uuid: 1, memory: 1 << 40), device("cpu", .cpu, uuid: 2, memory: 1 << 41), device("card", .discrete, uuid: 3),
            device("big", .discrete, uuid: 4, memory: 1 << 35),
        ]
        for request in [DeviceRequest.auto, .best] { #expect(chosen(judge(all, for: request)) == "big") }
        #expect(judge(all, for: .best)[2].reason == "big is preferred")
    }

    @Test func oneGPUUnderTwoDriversCountsOnce() {
        let list = judge([device("radv", .discrete, uuid: 9), device("amdvlk", .discrete, uuid: 9), device("igpu", .integrated, uuid: 5)], for: .auto)
        #expect(chosen(list) == "radv")
        #expect(list[1].twin?.index == 0 && list[1].reason.contains("it is vulkan:0 under another driver"))
    }

    @Test func takesWhatIsAskedFor() {
        let all = [device("a", .discrete, uuid: 0xab), device("b", .cpu, uuid: 0xcd)]
        #expect(chosen(judge(all, for: .index(1))) == "b")
        #expect(chosen(judge(all, for: .index(2))) == nil)
        #expect(chosen(judge(all, for: .uuid("CDCDCDCD-CDCD-cdcd-cdcd-cdcdcdcdcdcd"))) == "b")
        #expect(chosen(judge(all, for: .uuid("ab"))) == "a")
        #expect(chosen(judge(all, for: .uuid(""))) == nil)
    }

    @Test func namesTheDefect() {
        let list = judge([device("old", .discrete, uuid: 1, version: 0), device("blind", .discrete, uuid: 2, family: nil)], for: .best)
        #expect(chosen(list) == nil)
        #expect(list.map(\.reason) == ["it has Vulkan 1.0.0, 1.1 is needed", "it has no queue that computes"])
    }
}

@Suite struct DeviceOptionsTests {
    @Test func readsTheEnvironment() {
        let options = DeviceOptions { ["OPSIN_VK_DISABLE": "fp16, coopmat,warp", "OPSIN_CACHE": "/c", "HOME": "/h"][$0] }
        #expect(options.disabled == [.fp16, .coopmat])
        #expect(options.unknown == ["warp"])
        #expect(options.cacheFolder == "/c")
        #expect(DeviceOptions { ["XDG_CACHE_HOME": "/x", "HOME": "/h"][$0] }.cacheFolder == "/x/opsin")
        #expect(DeviceOptions { ["HOME": "/h", "OPSIN_CACHE": ""][$0] }.cacheFolder == "/h/.cache/opsin")
        #expect(DeviceOptions { ["HOME": "/h", "OPSIN_VK_DISABLE": "pipeline_cache"][$0] }.cacheFolder == nil)
        #expect(DeviceOptions { _ in nil }.cacheFolder == nil)
    }

    @Test func everyNameOfTheSwitchIsKnown() {
        #expect(Feature.allCases.map(\.rawValue) == ["fp16", "int8", "coopmat", "subgroups", "shared_sizes", "pipeline_cache"])
    }
}

@Suite struct PipelineCacheFileTests {
    private let info = DeviceInfo(
        name: "gpu", kind: .discrete, vendorID: 1, deviceID: 2, driverName: "d", driverInfo: "1.0", driverVersion: 3,
        apiVersion: Version(major: 1, minor: 3, patch: 0), uuid: [UInt8](0..<16), memoryBytes: 1, features: DeviceFeatures(), limits: DeviceLimits(),
        queueFamily: 0)

    @Test func aFileOfAnotherDriverOrShaderHasAnotherName() {
        let path = PipelineCacheFile(folder: "/c", device: info, shaders: 1).path
        var other = info
        other.driverVersion = 4
        #expect(PipelineCacheFile(folder: "/c", device: other, shaders: 1).path != path)
        #expect(PipelineCacheFile(folder: "/c", device: info, shaders: 2).path != path)
        #expect(PipelineCacheFile(folder: "/c", device: info, shaders: 1).path == path)
    }

    @Test func everyDamagedByteIsSeen() {
        let file = PipelineCacheFile(folder: "/c", device: info, shaders: 1)
        let good = file.encode([1, 2, 3, 4, 5])
        #expect(file.decode(good) == [1, 2, 3, 4, 5])
        for index in good.indices {
            var bad = good
            bad[index] ^= 0x40
            #expect(file.decode(bad) == nil)
        }
        #expect(file.decode(Array(good.dropLast())) == nil)
        #expect(file.decode(good + [0]) == nil)
        #expect(file.decode([]) == nil)
        #expect(PipelineCacheFile(folder: "/c", device: info, shaders: 2).decode(good) == nil)
    }

    @Test func savesIntoAFolderThatIsNotThereYet() {
        let file = PipelineCacheFile(folder: temporaryFolder() + "/a/b", device: info, shaders: 1)
        #expect(file.load().data == nil && file.load().reason == nil)
        #expect(file.save([7, 8, 9]) == nil)
        #expect(file.load().data == [7, 8, 9])
        overwrite(file.path, with: [1, 2, 3])
        #expect(file.load().data == nil && file.load().reason?.contains(file.path) == true)
        #expect(PipelineCacheFile(folder: "/proc/none", device: info, shaders: 1).save([1])?.contains("cannot be written") == true)
    }
}
