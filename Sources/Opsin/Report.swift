package import OpsinModels

/// Something that did not run where it was asked to, and why.
public struct Fallback: Hashable, Sendable {
    /// What fell back: a device, an op.
    public let what: String
    /// Why, in one sentence.
    public let reason: String

    /// From its parts.
    public init(what: String, reason: String) { (self.what, self.reason) = (what, reason) }
}

/// What really ran: the device, the precision, the instruction set, and what fell back.
public struct Report: Hashable, Sendable {
    /// Where the network ran.
    public var device: Device
    /// The precision that was used, never `default` or `auto`.
    public var precision: Precision
    /// Name of the CPU's instruction set; empty on a GPU.
    public var isa: String
    /// Threads of the CPU; 0 on a GPU.
    public var threads: Int
    /// Dispatches of one run on a GPU; 0 on the CPU.
    public var dispatches: Int
    /// What did not run where it was asked for.
    public var fallbacks: [Fallback]
    /// Where the image became a tensor; nil for a run that began with tensors.
    public var preprocessing: Device.Kind?
    /// Where the outputs became the task's answer; nil for a run that began with tensors.
    public var postprocessing: Device.Kind?
    /// Bytes of packed weights and of the activation arena.
    public var memoryBytes: Int
}

extension Report {
    /// The form of `--report FILE` (docs: `CLI.md`, schema version 1).
    package func json(timings: Timings) -> JSON {
        [
            "schema_version": 1,
            "device": ["kind": .string(device.kind.rawValue), "name": .string(device.name)],
            "precision": .string(precision.rawValue),
            "isa": .string(isa),
            "threads": .integer(threads),
            "dispatches": .integer(dispatches),
            "fallbacks": .array(fallbacks.map { ["what": .string($0.what), "reason": .string($0.reason)] }),
            "preprocessing": preprocessing.map { .string($0.rawValue) } ?? .null,
            "postprocessing": postprocessing.map { .string($0.rawValue) } ?? .null,
            "timings_ms": timings.json,
            "memory_bytes": .integer(memoryBytes),
            "process": ProcessFigures.json,
        ]
    }
}

extension Timings {
    package var json: JSON {
        [
            "decode": .number(decode.rounded(places: 4)), "preprocess": .number(preprocess.rounded(places: 4)),
            "run": .number(run.rounded(places: 4)), "postprocess": .number(postprocess.rounded(places: 4)), "total": .number(total.rounded(places: 4)),
        ]
    }
}

extension Double {
    /// Rounded to `places` decimals, for people and short files.
    package func rounded(places: Int) -> Double {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        let scaled = (self * factor).rounded()
        return scaled.isFinite ? scaled / factor : self
    }
}

extension Report {
    /// The report as a JSON object, as the command writes it with `--report`.
    public func jsonText(timings: Timings) -> String { json(timings: timings).text }
}

extension Device {
    /// The form of `opsin devices --json`.
    public static func jsonText(_ devices: [Device]) -> String {
        JSON.array(
            devices.map {
                var members: [JSON.Member] = [
                    .init("kind", .string($0.kind.rawValue)), .init("id", .string($0.id)), .init("name", .string($0.name)), .init("driver", .string($0.driver)),
                    .init("features", .array($0.features.map { .string($0) })), .init("memory_bytes", .integer(Int(clamping: $0.memoryBytes))),
                    .init("chosen", .bool($0.isChosen)), .init("reason", .string($0.reason)),
                ]
                if let gpu = $0.gpu {
                    members += [
                        .init("type", .string(gpu.type)), .init("api_version", .string(gpu.apiVersion)), .init("subgroup_size", .integer(gpu.subgroupSize)),
                        .init("uuid", .string(gpu.uuid.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())),
                        .init(
                            "other_drivers",
                            .array($0.otherDrivers.map { ["id": .string($0.id), "driver": .string($0.driver), "reason": .string($0.reason)] })),
                    ]
                } else {
                    members += [.init("cores", .integer($0.cores)), .init("default_threads", .integer($0.defaultThreads))]
                }
                return .object(members)
            }
        ).text
    }
}
