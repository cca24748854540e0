internal import OpsinModels

/// Runs held against those of an earlier `opsin bench --json`.
public struct BenchComparison: Sendable {
    /// A run, or one op of it, then and now.
    public struct Row: Sendable {
        /// `cpu fp32, 2 threads, batch 1`, and the op's name.
        public let name: String
        /// Milliseconds: medians.
        public let before: Double
        /// Milliseconds of this run.
        public let now: Double

        /// The time that was added, as a share of the time before.
        public var loss: Double { before > 0 ? now / before - 1 : 0 }
        /// Whether it is slower by more than the tolerance.
        public var isLost: Bool { loss > BenchComparison.tolerance }
    }

    /// A row that takes this much longer is flagged.
    public static let tolerance = 0.1
    /// Ops that take a smaller share of their run than this are left out: the clock's noise would flag them.
    public static let smallestShare = 0.02

    /// One for each number that both files have.
    public let rows: [Row]

    /// The text of an earlier run's file.
    public static func read(_ path: String) throws(OpsinError) -> String {
        do { return String(decoding: try File.contents(path, limit: 256 << 20), as: UTF8.self) } catch { throw OpsinError(.io, error.description) }
    }

    /// Throws unless `text` is the output of `opsin bench --json`, of the same model, with a run for each of `runs`.
    public init(_ runs: [Benchmark], against text: String, path: String) throws(OpsinError) {
        let base: JSON
        do { base = try JSON(parsing: text) } catch { throw OpsinError(.argument, "\(path): \(error.description)") }
        guard base["schema_version"]?.int == 1, let earlier = base["runs"]?.array else {
            throw OpsinError(.argument, "\(path): no output of `opsin bench --json` (expected schema_version 1 and runs)")
        }
        func last(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
        if let model = base["model"]?.string, let run = runs.first, last(model) != last(run.model) {
            throw OpsinError(.argument, "\(path): measured \(model), this is \(run.model)")
        }
        var rows: [Row] = []
        for run in runs {
            let name = BenchComparison.name(run)
            guard let old = earlier.first(where: { BenchComparison.name($0) == name }), let before = old["latency_ms"]?["median"]?.double else {
                throw OpsinError(.argument, "\(path): no run of \(name) (it has \(earlier.map(BenchComparison.name).joined(separator: "; ")))")
            }
            rows.append(Row(name: name, before: before, now: run.latency.median))
            rows += BenchComparison.ops(run, old).map { Row(name: "\(name): \($0.name)", before: $0.before, now: $0.now) }
        }
        self.rows = rows
    }

    /// The ops of both, matched by name in order, without those that hardly count.
    private static func ops(_ run: Benchmark, _ old: JSON) -> [(name: String, before: Double, now: Double)] {
        let total = run.ops.reduce(0) { $0 + $1.milliseconds }
        var rest: [String: [Double]] = [:]
        for op in old["ops"]?.array ?? [] {
            if let name = op["name"]?.string, let time = op["ms"]?.double { rest[name, default: []].append(time) }
        }
        return run.ops.compactMap { op in
            guard let before = rest[op.name]?.first else { return nil }
            rest[op.name]?.removeFirst()
            return max(before, op.milliseconds) >= smallestShare * total ? (op.name, before, op.milliseconds) : nil
        }
    }

    private static func name(_ run: Benchmark) -> String {
        name(run.report.device.kind.rawValue, run.report.precision.rawValue, run.report.threads, run.batch)
    }

    private static func name(_ run: JSON) -> String {
        name(run["device"]?.string ?? "?", run["precision"]?.string ?? "?", run["threads"]?.int ?? 0, run["batch"]?.int ?? 0)
    }

    private static func name(_ device: String, _ precision: String, _ threads: Int, _ batch: Int) -> String {
        "\(device) \(precision)\(threads > 0 ? ", \(threads) threads" : ""), batch \(batch)"
    }
}
