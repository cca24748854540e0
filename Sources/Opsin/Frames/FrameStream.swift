internal import OpsinCPU

/// Frames in, answers out, with a bounded queue between. Several frames are worked on at the same time: while one computes, the next is prepared and the
/// answer of the one before is made.
///
///     let stream = try FrameStream(session, FrameStream.Options(drop: .oldest))
///     Task { for image in camera { try stream.push(image) }; stream.finish() }
///     for await answer in stream.answers { print(try answer.result.get().classes) }
///
/// The session is lent to it until `close()` or its end. Any thread may push, look and close. Answers that nobody takes are kept: take as many as you push.
public final class FrameStream: Sendable {
    /// What happens to a frame that finds the queue full.
    public enum Drop: Hashable, Sendable, CaseIterable {
        /// `push` waits for room.
        case nothing
        /// The oldest waiting frame makes room: a live camera.
        case oldest
        /// The frame that comes is not taken.
        case newest
    }

    /// How a stream runs.
    public struct Options: Hashable, Sendable {
        /// Frames that may wait, 1 to 1024.
        public var queueDepth = 4
        /// What happens to a frame when the queue is full.
        public var drop = Drop.nothing
        /// Frames that are worked on at the same time, 1 to 16. On the CPU they share the session's threads.
        public var inFlight = 2
        /// Answers come in the order of the frames, not as they are done.
        public var isOrdered = true

        /// From its parts.
        public init(queueDepth: Int = 4, drop: Drop = .nothing, inFlight: Int = 2, isOrdered: Bool = true) {
            (self.queueDepth, self.drop, self.inFlight, self.isOrdered) = (queueDepth, drop, inFlight, isOrdered)
        }
    }

    /// What came of one frame.
    public struct Answer: Sendable {
        /// Which frame it was: 0 is the first that was pushed, dropped ones count.
        public let number: Int
        /// The image's own.
        public let timestampMicroseconds: Int64
        /// What was found, or why nothing was.
        public let result: Swift.Result<TaskResult, OpsinError>
    }

    /// What a stream has done since it was opened.
    public struct Statistics: Hashable, Sendable {
        /// Frames in the queue now.
        public var waiting = 0
        /// Frames given, dropped ones too.
        public var pushed = 0
        /// Frames that gave a result.
        public var done = 0
        /// Frames that nobody looked at.
        public var dropped = 0
        /// Frames that gave an error.
        public var failed = 0
        /// Mean from push to answer of the last 100 frames.
        public var latencyMilliseconds = 0.0
        /// Answers a second over the last 100 frames.
        public var perSecond = 0.0

        /// All zero.
        public init() {}
    }

    private let core: StreamCore

    /// Takes the session for itself; `.busy` when a call is inside. Every frame is answered as `task` says.
    public init(_ session: Session, _ options: Options = Options(), task: TaskOptions = TaskOptions()) throws(OpsinError) {
        guard (1...1024).contains(options.queueDepth) else { throw OpsinError(.argument, "queueDepth is \(options.queueDepth), expected 1 to 1024") }
        guard (1...16).contains(options.inFlight) else { throw OpsinError(.argument, "inFlight is \(options.inFlight), expected 1 to 16") }
        core = try StreamCore(session, options, task)
    }

    deinit { core.close() }

    /// Gives the stream its next frame. False: it was not taken, the queue is full (`Drop.newest`). Blocks until there is room with `Drop.nothing`.
    /// `.cancelled` when the stream is closed meanwhile, `.state` after `finish()`.
    @discardableResult public func push(_ image: Image) throws(OpsinError) -> Bool { try core.push(image) }

    /// The next answer; nil when none came within `duration`. Without a duration it waits as long as frames are under way, and nil says that none is.
    /// `.cancelled` when the stream is closed.
    public func next(within duration: Duration? = nil) throws(OpsinError) -> Answer? { try core.next(until: Deadline(duration)) }

    /// The same for a deadline.
    package func next(until deadline: Deadline) throws(OpsinError) -> Answer? { try core.next(until: deadline) }

    /// Waits until every frame that was pushed is done or dropped; false when `duration` was too short. Answers stay.
    @discardableResult public func flush(within duration: Duration? = nil) throws(OpsinError) -> Bool { try core.flush(until: Deadline(duration)) }

    /// The same for a deadline.
    package func flush(until deadline: Deadline) throws(OpsinError) -> Bool { try core.flush(until: deadline) }

    /// What the stream has done so far.
    public var statistics: Statistics { core.statistics }

    /// No more frames come: `answers` end after the last one.
    public func finish() { core.finish() }

    /// Ends the stream: waiting frames are dropped, running ones end, the session is free again. Blocks until then.
    public func close() { core.close() }

    /// The answers, for `for await`: they end after `finish()` or `close()`, or with the task.
    public var answers: Answers { Answers(core: core) }

    /// The answers of a stream as they come. Several readers share them: each answer goes to one.
    public struct Answers: AsyncSequence, Sendable {
        fileprivate let core: StreamCore

        /// The answers, for `for await`.
        public func makeAsyncIterator() -> Iterator { Iterator(core: core) }

        /// Takes the answers one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let core: StreamCore

            /// The next answer; nil when the stream has ended.
            public mutating func next() async -> Answer? { await core.nextAnswer() }

            /// The next answer; nil when the stream has ended.
            public mutating func next(isolation actor: isolated (any Actor)?) async -> Answer? { await core.nextAnswer(isolation: actor) }
        }
    }
}
