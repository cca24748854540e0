import Opsin
import Testing

@Suite struct FrameStreamTests {
    @Test(arguments: [1, 2, 4]) func answersComeInOrder(_ inFlight: Int) async throws {
        let session = try SmallSession.make()
        let expected = try (0..<4).map { try session.run(SmallSession.picture($0)).classes }
        let stream = try FrameStream(session, FrameStream.Options(queueDepth: 3, inFlight: inFlight))
        let pusher = Task {
            for number in 0..<16 { try stream.push(SmallSession.picture(number % 4)) }
            stream.finish()
        }
        var next = 0
        for await answer in stream.answers {
            #expect(answer.number == next && answer.timestampMicroseconds == Int64(next % 4))
            // The same bits, whatever shares the processor and however many threads a frame has.
            #expect(try answer.result.get().classes == expected[next % 4])
            next += 1
        }
        #expect(next == 16)
        try await pusher.value
        let counts = stream.statistics
        #expect(counts.pushed == 16 && counts.done == 16 && counts.dropped == 0 && counts.failed == 0 && counts.waiting == 0)
        #expect(counts.latencyMilliseconds > 0 && counts.perSecond > 0)
        #expect(code { try stream.push(SmallSession.picture(0)) } == .state)
        stream.close()
        #expect(code { try stream.push(SmallSession.picture(0)) } == .cancelled)
        #expect(code { try stream.next() } == .cancelled)
        #expect(try session.run(SmallSession.picture(0)).classes == expected[0])
    }

    @Test func theSessionIsLentUntilTheStreamIsGone() throws {
        let session = try SmallSession.make()
        let picture = try SmallSession.picture(0)
        do {
            let stream = try FrameStream(session)
            #expect(code { try session.run(picture) } == .busy && code { try session.submit(picture) } == .busy)
            #expect(code { try FrameStream(session) } == .busy)
            for _ in 0..<4 { try stream.push(picture) }
            #expect(try stream.next() != nil)
        }
        #expect(try session.run(picture).classes.count == 5)
    }

    @Test func aStreamThatIsFinishedBeforeAnyFrameEndsAtOnce() async throws {
        let stream = try FrameStream(SmallSession.make())
        #expect(try stream.next() == nil)
        #expect(try stream.flush())
        stream.finish()
        for await _ in stream.answers { Issue.record("an answer without a frame") }
    }

    @Test func aReaderThatIsCancelledLeavesTheAnswersToOthers() async throws {
        let stream = try FrameStream(SmallSession.make())
        let first = Task { await stream.answers.first { _ in true }?.number }
        first.cancel()
        #expect(await first.value == nil)
        try stream.push(SmallSession.picture(1))
        #expect(try stream.next()?.number == 0)
    }

    @Test func dropsTheOldest() throws {
        let stream = try FrameStream(SmallSession.make(), FrameStream.Options(queueDepth: 2, drop: .oldest, inFlight: 1))
        for number in 0..<30 { #expect(try stream.push(SmallSession.picture(number))) }
        #expect(try stream.flush())
        var numbers: [Int] = []
        while let answer = try stream.next() { numbers.append(answer.number) }
        // The newest two were waiting when the last came.
        #expect(numbers.suffix(2) == [28, 29] && numbers == numbers.sorted())
        #expect(stream.statistics.dropped == 30 - numbers.count && numbers.count < 30)
    }

    @Test func badOptionsAreRefused() throws {
        let session = try SmallSession.make()
        #expect(code { try FrameStream(session, FrameStream.Options(queueDepth: 0)) } == .argument)
        #expect(code { try FrameStream(session, FrameStream.Options(queueDepth: 1025)) } == .argument)
        #expect(code { try FrameStream(session, FrameStream.Options(inFlight: 0)) } == .argument)
        #expect(code { try FrameStream(session, FrameStream.Options(inFlight: 17)) } == .argument)
        #expect(try session.run(SmallSession.picture(0)).classes.count == 5)
    }
}
