internal import Glibc
internal import OpsinCPU
internal import Synchronization

/// What a `FrameStream` and its threads share: the queue, the answers, the session.
final class StreamCore: Sendable {
    typealias Answer = FrameStream.Answer

    private struct Frame: Sendable {
        let number: Int
        let image: Image
        let pushed: Double
    }

    private struct State: Sendable {
        var waiting: [Frame] = []
        /// Frames that were taken and whose answers have not been given out, in their order; nil while they run.
        var taken: [(frame: Frame, answer: Answer?)] = []
        var ready: [Answer] = []
        var readers: [(number: Int, waiting: CheckedContinuation<Answer?, Never>)] = []
        var counts = FrameStream.Statistics()
        /// Of the last 100 frames.
        var recent = RecentFrames()
        var isFinished = false
        var isClosed = false
        var threads: [LibraryThread] = []

        /// Frames whose end is still to come.
        var underWay: Int { waiting.count + taken.count }
        var isOver: Bool { isClosed || isFinished && underWay == 0 }
    }

    private let monitor = Monitor(State())
    private let session: Session
    private let options: FrameStream.Options
    private let task: TaskOptions
    private let stop = StopFlag()
    private let process = getpid()
    private let lastReader = Atomic(0)

    init(_ session: Session, _ options: FrameStream.Options, _ task: TaskOptions) throws(OpsinError) {
        (self.session, self.options, self.task) = (session, options, task)
        guard session.door.enter() else { throw OpsinError(.busy, Session.busy) }
        do throws(OpsinError) {
            let lanes = try session.lanes(options.inFlight)
            for lane in lanes {
                lane.stop = stop
                guard let thread = LibraryThread({ self.work(lane) }) else { throw OpsinError(.device, "the system gives no thread for a stream") }
                monitor.change { $0.threads.append(thread) }
            }
        } catch {
            close()
            throw error
        }
    }

    /// Throws in a forked child, which has none of the threads.
    private func checkProcess() throws(OpsinError) {
        guard getpid() == process else { throw OpsinError(.state, "the stream was opened in process \(process), before fork()") }
    }

    func push(_ image: Image) throws(OpsinError) -> Bool {
        try checkProcess()
        let start = milliseconds()
        let outcome: Swift.Result<Bool, OpsinError>? = monitor.wait { state in
            if state.isClosed { return .failure(StreamCore.closed) }
            if state.isFinished { return .failure(OpsinError(.state, "the stream was finished before")) }
            if state.waiting.count >= options.queueDepth {
                switch options.drop {
                case .nothing: return nil
                case .oldest: state.waiting.removeFirst()
                case .newest:
                    (state.counts.pushed, state.counts.dropped) = (state.counts.pushed + 1, state.counts.dropped + 1)
                    return .success(false)
                }
                state.counts.dropped += 1
            }
            state.waiting.append(Frame(number: state.counts.pushed, image: image, pushed: start))
            state.counts.pushed += 1
            return .success(true)
        }
        return try (outcome ?? .failure(StreamCore.closed)).get()
    }

    private static let closed = OpsinError(.cancelled, "the stream is closed")

    func next(until deadline: Deadline) throws(OpsinError) -> Answer? {
        try checkProcess()
        let found: Swift.Result<Answer?, OpsinError>? = monitor.wait(until: deadline) { state in
            if state.isClosed { return .failure(StreamCore.closed) }
            if !state.ready.isEmpty { return .success(state.ready.removeFirst()) }
            return deadline.moment == nil && state.underWay == 0 ? .success(nil) : nil
        }
        return try found?.get()
    }

    /// For `for await`: nil at the end.
    func nextAnswer(isolation: isolated (any Actor)? = #isolation) async -> Answer? {
        guard getpid() == process else { return nil }
        let number = lastReader.add(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (waiting: CheckedContinuation<Answer?, Never>) in
                monitor.change { $0.readers.append((number, waiting)) }
                // Cancelled before there was anything to take away.
                if Task.isCancelled { leave(number) }
                serve()
            }
        } onCancel: {
            leave(number)
        }
    }

    private func leave(_ number: Int) {
        let gone = monitor.change { state in
            state.readers.firstIndex { $0.number == number }.map { state.readers.remove(at: $0) }
        }
        gone?.waiting.resume(returning: nil)
    }

    /// Gives the readers what is there; the end, when there is nothing more.
    private func serve() {
        let served = monitor.change { state in
            var served: [(CheckedContinuation<Answer?, Never>, Answer?)] = []
            while !state.readers.isEmpty, !state.ready.isEmpty || state.isOver {
                served.append((state.readers.removeFirst().waiting, state.ready.isEmpty || state.isClosed ? nil : state.ready.removeFirst()))
            }
            return served
        }
        for (waiting, answer) in served { waiting.resume(returning: answer) }
    }

    func flush(until deadline: Deadline) throws(OpsinError) -> Bool {
        try checkProcess()
        let found: Swift.Result<Bool, OpsinError>? = monitor.wait(until: deadline) { state in
            if state.isClosed { return .failure(StreamCore.closed) }
            return state.underWay == 0 ? .success(true) : nil
        }
        return try found?.get() ?? false
    }

    var statistics: FrameStream.Statistics {
        guard getpid() == process else { return FrameStream.Statistics() }
        return monitor.look { state in
            var counts = state.counts
            counts.waiting = state.waiting.count
            (counts.latencyMilliseconds, counts.perSecond) = (state.recent.latency, state.recent.perSecond)
            return counts
        }
    }

    func finish() {
        guard getpid() == process else { return }
        monitor.change { $0.isFinished = true }
        serve()
    }

    /// Ends the threads and gives the session back, once.
    func close() {
        guard getpid() == process else { return }
        let threads: [LibraryThread]? = monitor.change { state in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            state.counts.dropped += state.waiting.count
            state.waiting = []
            defer { state.threads = [] }
            return state.threads
        }
        guard let threads else { return }
        stop.set()
        serve()
        for thread in threads { thread.join() }
        session.door.leave()
    }

    /// What a thread does: frame after frame on its lane.
    private func work(_ lane: Lane) {
        while let frame = take() {
            let result = Swift.Result { () throws(OpsinError) in try session.run(frame.image, task, on: lane) }
            give(frame, Answer(number: frame.number, timestampMicroseconds: frame.image.timestampMicroseconds, result: result))
        }
        lane.close(session)
    }

    private func take() -> Frame? {
        monitor.wait { state -> Frame?? in
            if state.isClosed { return .some(nil) }
            guard !state.waiting.isEmpty else { return nil }
            let frame = state.waiting.removeFirst()
            state.taken.append((frame, nil))
            return frame
        } ?? nil
    }

    private func give(_ frame: Frame, _ answer: Answer) {
        monitor.change { state in
            guard let index = state.taken.firstIndex(where: { $0.frame.number == frame.number }) else { return }
            state.taken[index].answer = answer
            if case .success = answer.result { state.counts.done += 1 } else { state.counts.failed += 1 }
            let now = milliseconds()
            var next = options.isOrdered ? 0 : index
            while next < state.taken.count, let answer = state.taken[next].answer {
                state.recent.add(from: state.taken[next].frame.pushed, to: now)
                state.ready.append(answer)
                state.taken.remove(at: next)
                if !options.isOrdered { next = state.taken.count }
            }
        }
        serve()
    }
}

/// When the last 100 answers came, and how long each had taken.
private struct RecentFrames: Sendable {
    private var frames: [(latency: Double, end: Double)] = []

    mutating func add(from start: Double, to end: Double) {
        if frames.count == 100 { frames.removeFirst() }
        frames.append((end - start, end))
    }

    /// Mean, in milliseconds.
    var latency: Double { frames.isEmpty ? 0 : frames.reduce(0) { $0 + $1.latency } / Double(frames.count) }

    var perSecond: Double {
        guard frames.count > 1, let first = frames.first?.end, let last = frames.last?.end, last > first else { return 0 }
        return Double(frames.count - 1) * 1000 / (last - first)
    }
}
