import Dispatch
import Opsin
import Testing

/// What the tests of requests and streams share: the classifier that ships, on two threads, and pictures that it tells apart.
enum SmallSession {
    static let model: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Models/mobilenet_v2_1.0_224"
    }()

    private static let opened: Result<Model, any Error> = Result {
        var options = Runtime.Options()
        options.device = .cpu
        return try Model(Runtime(options), path: model)
    }

    static func make() throws -> Session {
        var options = Session.Options()
        options.threads = 2
        return try Session(opened.get(), options)
    }

    /// A pattern that depends on `seed`, with `seed` as its time stamp.
    static func picture(_ seed: Int, side: Int = 32) throws -> Image {
        let samples = (0..<side * side * 3).map { UInt8(truncatingIfNeeded: ($0 &* (seed + 3)) >> 2) }
        var image = try Image(width: side, height: side, channels: 3, pixels: samples)
        image.timestampMicroseconds = Int64(seed)
        return image
    }
}

/// A request at the head of a session's queue that stays under way until `open()`: what waits behind it waits for sure, however busy the machine is.
struct HeldRequest: Sendable {
    let request: Request
    private let gate = DispatchSemaphore(value: 0)

    init(_ session: Session) throws {
        let gate = gate
        request = Request(session, TaskOptions()) { () throws(OpsinError) -> Image in
            gate.wait()
            return try Image(width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: 90, count: 32 * 32 * 3))
        }
        try request.start()
    }

    func open() { gate.signal() }
}

/// The code of the error that a call must throw.
func code<Value>(_ body: () throws -> Value) -> OpsinError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? OpsinError)?.code
    }
}

@Suite struct RequestTests {
    @Test func answersAreThoseOfRun() async throws {
        let session = try SmallSession.make()
        let expected = try (0..<3).map { try session.run(SmallSession.picture($0)).classes }
        let requests = try (0..<3).map { try session.submit(SmallSession.picture($0)) }
        for (index, request) in requests.enumerated() {
            let result = try await request.value
            #expect(result.classes == expected[index] && result.timestampMicroseconds == Int64(index))
            #expect(request.status == .done)
        }
        #expect(expected[0] != expected[1])
        // The session is free again as soon as the last one is known to be done.
        #expect(try session.run(SmallSession.picture(0)).classes == expected[0])
    }

    @Test func aSessionWithRequestsTurnsCallsAway() throws {
        let session = try SmallSession.make()
        let held = try HeldRequest(session)
        let requests = try (0..<8).map { try session.submit(SmallSession.picture($0)) }
        let image = try SmallSession.picture(1)
        #expect(code { try session.run(image) } == .busy)
        #expect(code { try FrameStream(session) } == .busy)
        #expect(try requests[7].wait(.zero) == nil && requests[7].status == .waiting)
        held.open()
        #expect(try requests[7].wait()?.classes.count == 5)
        #expect(held.request.status == .done && requests.allSatisfy { $0.status == .done })
    }

    @Test func cancellingTheTaskCancelsTheRequest() async throws {
        let session = try SmallSession.make()
        let held = try HeldRequest(session)
        let (first, last) = (try session.submit(SmallSession.picture(0)), try session.submit(SmallSession.picture(1)))
        let waiter = Task { () -> OpsinError.Code? in
            do throws(OpsinError) {
                _ = try await last.value
                return nil
            } catch {
                return error.code
            }
        }
        waiter.cancel()
        #expect(await waiter.value == .cancelled && last.status == .cancelled && first.status == .waiting)
        held.open()
        #expect(try await first.value.classes.count == 5)
        // What has ended stays as it is.
        first.cancel()
        #expect(first.status == .done && last.status == .cancelled)
    }

    /// A run that has begun ends between two ops: sooner than it would by itself, and nothing is left of it in the next one.
    @Test func aRunningRequestEndsEarly() throws {
        let session = try SmallSession.make()
        let picture = try SmallSession.picture(2)
        let expected = try session.run(picture).classes
        var early = 0
        for _ in 0..<20 {
            let request = try session.submit(picture)
            while request.status == .waiting {}
            request.cancel()
            let ended = code { try request.wait() }
            #expect(ended == nil || ended == .cancelled)
            early += ended == .cancelled ? 1 : 0
            #expect(try session.run(picture).classes == expected)
        }
        #expect(early > 0)
    }

    @Test func requestsOutliveEverybodyWhoKnowsThem() throws {
        let picture = try SmallSession.picture(1)
        weak var gone: Session?
        let request: Request = try {
            let session = try SmallSession.make()
            gone = session
            for _ in 0..<3 { _ = try session.submit(picture) }
            return try session.submit(picture)
        }()
        #expect(try request.wait()?.classes.count == 5)
        // The work was let go before the end was told.
        #expect(gone == nil)
    }

    /// Threads that submit, wait and cancel over sessions of one model.
    @Test func manyThreadsSubmitAndCancel() async throws {
        let ends = try await withThrowingTaskGroup(of: [OpsinError.Code?].self) { group in
            for worker in 0..<3 {
                group.addTask {
                    let session = try SmallSession.make()
                    return try (0..<60).map { round in
                        let request = try session.submit(SmallSession.picture(round % 4))
                        if (round + worker) % 4 != 0 { request.cancel() }
                        return code { try request.wait() }
                    }
                }
            }
            return try await group.reduce(into: [OpsinError.Code?]()) { $0 += $1 }
        }
        #expect(ends.count == 180 && ends.allSatisfy { $0 == nil || $0 == .cancelled })
        #expect(ends.count { $0 == nil } >= 45 && ends.contains(.cancelled))
    }
}
