internal import Glibc
internal import OpsinVulkan

extension Doctor {
    /// Loader, drivers, instance, devices, features and their self-tests.
    mutating func lookAtVulkan() {
        lookAtDrivers()
        let loader: LoaderFunctions
        do throws(VulkanError) {
            loader = try LoaderFunctions()
            add("vulkan", .ok, "loader \(loader.version ?? "1.0") (\(loader.path))")
        } catch {
            return add("vulkan", .problem, error.description, advice: "install it: libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora and Alpine")
        }
        do throws(VulkanError) {
            let instance = try VulkanInstance(loader: loader)
            if instance.devices.isEmpty {
                add(
                    "vulkan", .problem, "the drivers show no device",
                    advice: "install the GPU's driver, or mesa-vulkan-drivers for one that computes on the processor")
            }
            for index in instance.devices.indices { lookAt(instance, index) }
        } catch {
            add(
                "vulkan", .problem, error.description,
                advice: "install a driver: mesa-vulkan-drivers, or the vendor's; VK_LOADER_DEBUG=all shows what the loader tries")
        }
    }

    /// The manifests that the loader reads.
    private mutating func lookAtDrivers() {
        let forced = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].compactMap { name in environment(name).map { (name, $0) } }.first
        if let (name, value) = forced {
            add("drivers", .note, "\(name) replaces the usual folders: \(value)")
            for path in value.split(separator: ":").map(String.init) {
                let isThere = unsafe access(path, R_OK) == 0
                add(
                    "drivers", isThere ? .ok : .problem, isThere ? path : "\(path), which \(name) names, cannot be read",
                    advice: isThere ? "" : "unset \(name), or name a file that is there")
            }
            return
        }
        let home = environment("XDG_DATA_HOME") ?? environment("HOME").map { $0 + "/.local/share" }
        let folders = (["/etc", "/usr/local/etc", "/usr/local/share", "/usr/share"] + [home].compactMap { $0 }).map { $0 + "/vulkan/icd.d" }
        var count = 0
        for folder in folders {
            for name in Doctor.files(in: folder) where name.hasSuffix(".json") {
                count += 1
                let path = folder + "/" + name
                guard let text = readSmallFile(path) else {
                    add("drivers", .problem, "\(path) cannot be read", advice: "check its permissions")
                    continue
                }
                add("drivers", .ok, "\(path)\(Doctor.library(in: text).map { " -> " + $0 } ?? "")")
            }
        }
        if count == 0 { add("drivers", .problem, "no driver manifest in \(folders.joined(separator: ", "))", advice: "install the GPU's Vulkan driver") }
    }

    /// The value of `library_path` in a manifest.
    private static func library(in text: String) -> String? {
        let parts = text.split(separator: "\"")
        guard let name = parts.firstIndex(of: "library_path"), parts.indices.contains(name + 2) else { return nil }
        return String(parts[name + 2])
    }

    private mutating func lookAt(_ instance: VulkanInstance, _ index: Int) {
        let info = instance.devices[index], limits = info.limits
        let listings = judge(instance.devices, for: .auto)
        let verdict = listings.indices.contains(index) ? listings[index].chosen ? "auto takes it" : "auto does not take it: \(listings[index].reason)" : ""
        let topic = "vulkan:\(index)"
        if listings.indices.contains(index), listings[index].twin != nil {
            return add(topic, .note, "\(info.name), \(info.driverText): \(listings[index].reason)", advice: "--device \(topic) takes it all the same")
        }
        add(topic, .ok, "\(info.name): \(info.kind), Vulkan \(info.apiVersion), \(info.driverName) \(info.driverInfo); \(verdict)")
        if let defect = info.defect { return add(topic, .problem, "it cannot be used: \(defect)", advice: "install a newer driver") }
        add(
            topic, .ok,
            "memory \(mebibytes(Int(clamping: info.memoryBytes))), one allocation \(mebibytes(limits.maximumAllocation)), one binding "
                + "\(mebibytes(limits.maximumStorageRange)), shared \(limits.sharedMemory / 1024) KiB, \(limits.maximumInvocations) threads a group, subgroups of "
                + "\(limits.subgroupSize), push constants \(limits.maximumPushConstants) B, timestamps \(limits.timestampPeriod > 0 ? "yes" : "no")")
        let options = DeviceOptions.current
        do throws(VulkanError) {
            let device = try OpsinVulkan.Device(instance, index: index, options: options)
            if let tuning = device.tuning {
                let kernels = tuning.tilesProducts ? "products staged" : "products not staged"
                add(topic, .ok, "tuned: \(tuning.workgroups) workgroups, \(kernels), \(tuning.gain) % faster than the heuristics (opsin tune --forget)")
            }
            for row in device.known { lookAt(row, topic) }
            if let cores = info.cores { add(topic, .ok, "\(cores) processors; \(device.traits.workgroups) workgroups fill it") }
            lookAtFeatures(of: device, topic)
            if let defect = device.pipelines.cacheDefect {
                add(topic, .problem, "pipeline cache: \(defect)", advice: "nothing: it is written anew at the next run")
            }
            if let failure = device.failure { add(topic, .problem, "the device is lost: \(failure.description)", advice: "look into the kernel's log (dmesg)") }
        } catch {
            add(topic, .problem, "no device can be made: \(error.description)", advice: "update the driver; \(topic) is not used meanwhile")
        }
    }

    /// A row of the table of known devices.
    private mutating func lookAt(_ row: KnownDevice, _ topic: String) {
        var facts: [String] = []
        if let sizes = row.subgroups { facts.append("subgroups of \(sizes.count == 1 ? "\(sizes.lowerBound)" : "\(sizes.lowerBound) to \(sizes.upperBound)")") }
        if !row.matrices.isEmpty { facts.append("matrices \(row.matrices.joined(separator: ", "))") }
        add(topic, .ok, "known: \(row.name): \((facts + row.remarks).joined(separator: "; "))")
    }

    /// What the device has, what is switched off, and what its self-test said just now.
    private mutating func lookAtFeatures(of device: OpsinVulkan.Device, _ topic: String) {
        let defects = SelfTest.run(device)
        let all = device.info.features
        for feature in Feature.allCases where feature != .pipelineCache {
            let has =
                switch feature {
                case .fp16: all.fp16
                case .int8: all.storage8 && all.int8
                case .coopmat: all.cooperativeMatrixNV || all.cooperativeMatrixKHR
                case .subgroups: all.subgroupOperations != 0
                case .sharedSizes: true
                case .pipelineCache: true
                }
            if let row = device.known.first(where: { $0.distrusted[feature] != nil }), let why = row.distrusted[feature] {
                add(topic, .note, "\(feature.rawValue): left off, \(why)", advice: "OPSIN_VK_KNOWN=0 tries it all the same")
            } else if let defect = defects[feature] {
                add(topic, .problem, "\(feature.rawValue): \(defect)", advice: "Opsin leaves it off; a newer driver may mend it")
            } else if device.options.disabled.contains(feature) {
                add(topic, .note, "\(feature.rawValue): switched off by OPSIN_VK_DISABLE")
            } else if !has {
                add(topic, .note, "\(feature.rawValue): the device has none")
            } else {
                add(topic, .ok, "\(feature.rawValue): self-test passed")
            }
        }
    }

    /// The words of `OPSIN_VK_DISABLE` and the folder of pipelines and verdicts.
    mutating func lookAtCache() {
        let options = DeviceOptions.current
        let names = Feature.allCases.map(\.rawValue).joined(separator: ", ") + ", op:NAME"
        for word in options.unknown { add("environment", .problem, "OPSIN_VK_DISABLE names \"\(word)\", which is nothing", advice: "known words: \(names)") }
        if !options.disabled.isEmpty {
            add("environment", .note, "OPSIN_VK_DISABLE switches off \(options.disabled.map(\.rawValue).sorted().joined(separator: ", "))")
        }
        for name in options.refused.sorted() { add("environment", .note, "OPSIN_VK_DISABLE leaves \(name) to the CPU") }
        if options.disabled.contains(.pipelineCache) { return add("cache", .note, "no pipelines are kept (OPSIN_VK_DISABLE)") }
        guard let folder = options.cacheFolder else {
            return add(
                "cache", .problem, "no folder for compiled pipelines: OPSIN_CACHE, XDG_CACHE_HOME and HOME are not set", advice: "set OPSIN_CACHE to a folder")
        }
        guard Doctor.canWrite(folder) else {
            return add(
                "cache", .problem, "\(folder) cannot be written: every first run compiles all shaders",
                advice: "set OPSIN_CACHE to a folder that can be written")
        }
        let files = Doctor.files(in: folder).filter { $0.hasSuffix(".pipelines") || $0.hasSuffix(".verdicts") }
        let bytes = files.reduce(0) { $0 + Doctor.size(folder + "/" + $1) }
        add("cache", .ok, "\(folder) can be written; \(files.count) files of ours, \(mebibytes(bytes))")
    }

    /// Makes the folder and a file in it, as a first run would, and takes the file away again.
    private static func canWrite(_ folder: String) -> Bool {
        for (index, character) in zip(folder.indices, folder) where character == "/" && index != folder.startIndex {
            unsafe _ = mkdir(String(folder[..<index]), 0o700)
        }
        unsafe _ = mkdir(folder, 0o700)
        let path = "\(folder)/doctor.\(getpid()).part"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return unsafe unlink(path) == 0
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? max(0, Int(status.st_size)) : 0
    }

    private func mebibytes(_ count: Int) -> String { "\((Double(count) / 1_048_576).rounded(places: 1)) MiB" }
}
