internal import Glibc
internal import OpsinCPU
internal import OpsinModels
internal import OpsinVision

/// What stands between this machine and a model that runs: every finding on a line, with what to do about it.
public struct Doctor: Sendable {
    /// How a finding is meant.
    public enum Status: String, Sendable {
        /// As it should be.
        case ok
        /// Worth knowing; nothing is wrong.
        case note
        /// Something does not work.
        case problem
    }

    /// One thing that was looked at.
    public struct Finding: Sendable {
        /// The chapter: `cpu`, `vulkan`, `models`.
        public let topic: String
        /// How bad it is.
        public let status: Status
        /// What was found, and what to do about it.
        public let text: String
        /// What to do about it; empty where there is nothing to do.
        public let advice: String
    }

    /// In the order in which they were looked for.
    public private(set) var findings: [Finding] = []
    /// Whether a model can run on some device here.
    public private(set) var canRun = false

    /// Looks at everything; opens the Vulkan drivers and runs their self-tests anew.
    public init() {
        lookAtProcessor()
        lookAtNodes()
        lookAtVulkan()
        lookAtCache()
        lookAtModels()
        lookAtCodecs()
        lookAtEnvironment()
    }

    mutating func add(_ topic: String, _ status: Status, _ text: String, advice: String = "") {
        findings.append(Finding(topic: topic, status: status, text: text, advice: advice))
    }

    private mutating func lookAtProcessor() {
        let cpu = Device.cpu
        add("cpu", .ok, "\(cpu.name), \(cpu.cores) cores, \(cpu.defaultThreads) threads by default")
        add("cpu", .ok, "instruction sets: \(cpu.features.joined(separator: ", "))")
        do throws(OpsinError) {
            let isa = try Backend.chosenISA()
            canRun = true
            guard let forced = environment("OPSIN_CPU_ISA") else { return add("cpu", .ok, "kernels of \(isa.rawValue) run (OPSIN_CPU_ISA is not set)") }
            add("cpu", .note, "OPSIN_CPU_ISA forces \(forced)", advice: "unset it for the best set, \(cpu.driver)")
        } catch {
            add("cpu", .problem, error.description, advice: "unset OPSIN_CPU_ISA or set it to one of the names")
        }
    }

    /// Files of the kernel through which drivers reach a GPU.
    private mutating func lookAtNodes() {
        let known = ["/dev/nvidiactl", "/dev/dxg", "/dev/kgsl-3d0", "/dev/mali0", "/dev/kfd"]
        let nodes = Doctor.files(in: "/dev/dri").filter { $0.hasPrefix("render") || $0.hasPrefix("card") }.map { "/dev/dri/" + $0 }
        let found = (nodes + known).filter { unsafe access($0, F_OK) == 0 }
        guard !found.isEmpty else {
            return add(
                "nodes", .note, "no device node of a GPU (/dev/dri, /dev/nvidiactl and others)",
                advice: "in a container pass the GPU in: --device /dev/dri, or --gpus all")
        }
        for node in found {
            if unsafe access(node, R_OK | W_OK) == 0 {
                add("nodes", .ok, "\(node) can be opened")
            } else {
                // A card node is for displays; computing needs the render node only.
                let isCard = node.hasPrefix("/dev/dri/card")
                add(
                    "nodes", isCard ? .note : .problem, "\(node) cannot be opened by this user",
                    advice: isCard ? "" : "join its group (ls -l \(node)), usually render or video, and log in anew")
            }
        }
    }

    private mutating func lookAtModels() {
        for task in VisionTask.allCases {
            guard let name = task.defaultModelName else { continue }
            do throws(OpsinError) {
                let path = try ModelLocation.find(name)
                let folder = try Doctor.opened(path)
                add("models", .ok, "\(task.rawValue): \(path) (\(folder))")
            } catch {
                // Only classification ships with this version.
                guard task == .classify else {
                    add("models", .note, "\(task.rawValue): \(name) is not here")
                    continue
                }
                add("models", .problem, "\(task.rawValue): \(error.description)", advice: "pass --model DIR, or set OPSIN_MODELS")
            }
        }
    }

    /// What the folder holds, or why it does not open.
    private static func opened(_ path: String) throws(OpsinError) -> String {
        do {
            return try ModelFolder(path: path).network().architecture.name
        } catch {
            throw OpsinError(error)
        }
    }

    private mutating func lookAtCodecs() {
        add("codecs", .ok, Codecs.versions.map { "\($0.name) \($0.version)" }.joined(separator: ", ") + ", BMP and PNM built in")
    }

    private mutating func lookAtEnvironment() {
        if let value = environment("OPSIN_NO_CPU_FALLBACK"), value != "0" {
            add("environment", .note, "OPSIN_NO_CPU_FALLBACK=\(value): a GPU that fails is an error, the CPU does not take over")
        }
        #if DEBUG
            add("build", .note, "a debug build: slow", advice: "build with -c release (make build)")
        #endif
        add("build", .ok, "opsin \(opsinVersion)")
    }

    /// Names in a folder, sorted; none where it cannot be read.
    static func files(in folder: String) -> [String] {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory), names.count < 10_000 {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

extension Doctor {
    /// The form of `opsin doctor --json`.
    public var jsonText: String {
        JSON.object([
            .init("schema_version", 1), .init("can_run", .bool(canRun)),
            .init(
                "findings",
                .array(
                    findings.map {
                        [
                            "topic": .string($0.topic), "status": .string($0.status.rawValue), "text": .string($0.text), "advice": .string($0.advice),
                        ]
                    })),
        ]).text
    }
}
