internal import Glibc
internal import OpsinModels
internal import Synchronization

/// Frames a second from pixels to answers: calls that block, one stream, and several streams of as many sessions over one model.
///
/// All ways are measured in rounds, each way once a round, so that a machine that is busy for a while harms all alike.
public struct StreamBenchmark: Sendable {
    /// What is measured, and for how long.
    public struct Options: Hashable, Sendable {
        /// Streams that run at the same time, each over a session of its own: 1 to 64.
        public var streams = 4
        /// Frames of a stream that are worked on at the same time: 1 to 16.
        public var inFlight = 2
        /// Seconds of each way, over all rounds.
        public var seconds = 1.0
        /// At least this many frames of each way, over all rounds.
        public var frames = 20
        /// How often all ways take their turn.
        public var rounds = 5
        /// Columns of a frame.
        public var frameWidth = 640
        /// Rows of a frame.
        public var frameHeight = 480

        /// Four streams of two frames.
        public init() {}
    }

    /// One way to bring frames through a model.
    public struct Way: Hashable, Sendable {
        /// 0: calls that block, one after the other.
        public let streams: Int
        /// Frames of each stream that are worked on at the same time.
        public let inFlight: Int
        /// Frames a second in each round.
        public internal(set) var rates: [Double] = []
        /// Processor time of the whole process for one frame in each round, in milliseconds: what the others on a busy machine do not change much.
        public internal(set) var processorMilliseconds: [Double] = []

        /// Frames a second in the best round.
        public var best: Double { rates.max() ?? 0 }
        /// Frames a second in half of the rounds.
        public var median: Double { rates.median }
        /// `blocking calls`, `4 streams, 2 in flight`.
        public var name: String { streams == 0 ? "blocking calls" : "\(streams) stream\(streams == 1 ? "" : "s"), \(inFlight) in flight" }
    }

    /// The folder of the model.
    public let model: String
    /// Rows and columns of the frames.
    public let frame: (height: Int, width: Int)
    /// What ran, and where.
    public let report: Report
    /// Blocking calls first.
    public let ways: [Way]

    /// Opens `path` and measures it on a picture of noise.
    public init(_ runtime: Runtime, path: String, session: Session.Options, _ options: Options = Options()) throws(OpsinError) {
        guard (1...64).contains(options.streams) else { throw OpsinError(.argument, "streams is \(options.streams), expected 1 to 64") }
        guard (1...16).contains(options.inFlight) else { throw OpsinError(.argument, "inFlight is \(options.inFlight), expected 1 to 16") }
        guard (1...1000).contains(options.rounds) else { throw OpsinError(.argument, "rounds is \(options.rounds), expected 1 to 1000") }
        let opened = try Model(runtime, path: path), image = try StreamBenchmark.noise(options)
        var sessions: [Session] = []
        for _ in 0..<options.streams { sessions.append(try Session(opened, session)) }
        report = try sessions[0].run(image).report
        let round = StreamRound(image: image, seconds: options.seconds / Double(options.rounds), frames: max(1, options.frames / options.rounds))
        var ways = StreamBenchmark.ways(options)
        for _ in 0..<options.rounds {
            for index in ways.indices {
                let way = ways[index], used = Array(sessions.prefix(max(way.streams, 1)))
                let measured = try round.measure(used, inFlight: way.streams == 0 ? nil : way.inFlight)
                ways[index].rates.append(measured.rate)
                ways[index].processorMilliseconds.append(measured.processorMilliseconds)
            }
        }
        (model, self.ways, frame) = (path, ways, (options.frameHeight, options.frameWidth))
    }

    /// Each way once, in the order in which they are shown.
    private static func ways(_ options: Options) -> [Way] {
        var ways = [Way(streams: 0, inFlight: 1)]
        for streams in Set([1, options.streams]).sorted() {
            for inFlight in Set([1, options.inFlight]).sorted() { ways.append(Way(streams: streams, inFlight: inFlight)) }
        }
        return ways
    }

    private static func noise(_ options: Options) throws(OpsinError) -> Image {
        guard (1...8192).contains(options.frameWidth), (1...8192).contains(options.frameHeight) else {
            throw OpsinError(.argument, "a frame of \(options.frameHeight) x \(options.frameWidth), expected sides of 1 to 8192")
        }
        let values = OpRequest.noise(options.frameWidth * options.frameHeight * 3, seed: 1)
        return try Image(
            width: options.frameWidth, height: options.frameHeight, channels: 3, pixels: values.map { UInt8(truncatingIfNeeded: $0.bitPattern >> 8) })
    }
}

/// One way's turn.
private struct StreamRound: Sendable {
    let image: Image
    let seconds: Double
    let frames: Int

    /// Frames a second, and the processor time of one. With `inFlight` through a stream of each session, without it by calls to the first.
    func measure(_ sessions: [Session], inFlight: Int?) throws(OpsinError) -> (rate: Double, processorMilliseconds: Double) {
        guard let inFlight else {
            let began = Clock()
            let rate = try rate { () throws(OpsinError) in _ = try sessions[0].run(image) }
            return (rate.perSecond, began.processorMilliseconds / Double(rate.count))
        }
        let streams = try sessions.map { (session) throws(OpsinError) in try opened(session, inFlight: inFlight) }
        defer { streams.forEach { $0.close() } }
        let outcomes = Mutex<[Swift.Result<(perSecond: Double, count: Int), OpsinError>]>([])
        let began = Clock()
        // One that pushes and takes for each stream, as an application has one for each camera.
        let threads = streams.map { stream in
            LibraryThread {
                let outcome = Swift.Result { () throws(OpsinError) in try rate { () throws(OpsinError) in try exchange(stream) } }
                outcomes.withLock { $0.append(outcome) }
            }
        }
        threads.forEach { $0?.join() }
        let spent = began.processorMilliseconds
        guard threads.allSatisfy({ $0 != nil }) else { throw OpsinError(.device, "the system gives no thread for a stream") }
        let rates = try outcomes.withLock { $0 }.map { (outcome) throws(OpsinError) in try outcome.get() }
        return (rates.reduce(0) { $0 + $1.perSecond }, spent / Double(max(1, rates.reduce(0) { $0 + $1.count })))
    }

    /// A stream under way: plans are made, and one frame more than can be worked on is there.
    private func opened(_ session: Session, inFlight: Int) throws(OpsinError) -> FrameStream {
        let stream = try FrameStream(session, FrameStream.Options(queueDepth: 2 * inFlight, inFlight: inFlight))
        do throws(OpsinError) {
            for _ in 0..<2 * inFlight { try stream.push(image) }
            for _ in 0..<2 * inFlight { _ = try stream.next()?.result.get() }
            for _ in 0...inFlight { try stream.push(image) }
        } catch {
            stream.close()
            throw error
        }
        return stream
    }

    /// Takes an answer and gives the next frame.
    private func exchange(_ stream: FrameStream) throws(OpsinError) {
        _ = try stream.next()?.result.get()
        try stream.push(image)
    }

    /// Calls `frame` for the time of a round, and until there are enough frames.
    private func rate(_ frame: () throws(OpsinError) -> Void) throws(OpsinError) -> (perSecond: Double, count: Int) {
        let start = milliseconds(), end = start + seconds * 1e3
        var count = 0
        while count < frames || milliseconds() < end {
            try frame()
            count += 1
        }
        return (Double(count) * 1e3 / max(milliseconds() - start, 1e-6), count)
    }
}

/// Processor time of this process from a moment on.
private struct Clock {
    private let start = Clock.now

    var processorMilliseconds: Double { Clock.now - start }

    private static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
    }
}

extension StreamBenchmark {
    /// One element of `runs` in `opsin bench --streams --json`.
    var json: JSON {
        let calls = ways.first?.best ?? 0
        return [
            "device": .string(report.device.kind.rawValue), "name": .string(report.device.name), "precision": .string(report.precision.rawValue),
            "isa": .string(report.isa), "threads": .integer(report.threads), "frame": [.integer(frame.height), .integer(frame.width)],
            "ways": .array(
                ways.map { way in
                    [
                        "name": .string(way.name), "streams": .integer(way.streams), "in_flight": .integer(way.inFlight),
                        "frames_per_second": ["best": .rounded(way.best), "median": .rounded(way.median), "rounds": .array(way.rates.map { .rounded($0) })],
                        "processor_ms": .rounded(way.processorMilliseconds.min() ?? 0), "ratio": .rounded(calls > 0 ? way.best / calls : 0),
                    ]
                }),
        ]
    }

    /// The whole of `opsin bench --streams --json`, schema version 1.
    public static func jsonText(model: String, _ runs: [StreamBenchmark]) -> String {
        JSON.object([
            .init("schema_version", 1), .init("model", .string(model)), .init("identity", Identity.json), .init("runs", .array(runs.map(\.json))),
        ]).text
    }
}
