import Opsin
import Testing

/// Images that go through the network together: what comes of each is what comes of it alone.
@Suite struct BatchTests {
    private static func session(_ model: Model, batch: Int, threads: Int = 2) throws -> Session {
        var options = Session.Options()
        (options.maximumBatch, options.threads) = (batch, threads)
        return try Session(model, options)
    }

    private static func model(_ task: VisionTask) throws -> Model {
        var options = Runtime.Options()
        options.device = .cpu
        return try Model(Runtime(options), path: Files.model(task))
    }

    /// The same bits for the four tasks, on one thread and several, in whole batches and the rest.
    @Test(arguments: [VisionTask.classify, .detect, .segment, .depth], [1, 2]) func neighboursChangeNothing(task: VisionTask, threads: Int) throws {
        let model = try Self.model(task), alone = try Self.session(model, batch: 1, threads: threads)
        let images = try (0..<5).map { try SmallSession.picture($0, side: 48) }
        let expected = alone.run(batch: images), found = try Self.session(model, batch: 3, threads: threads).run(batch: images)
        #expect(found.count == 5)
        for (index, (one, other)) in zip(expected, found).enumerated() {
            let (one, other) = (try one.get(), try other.get())
            #expect(one.tensors == other.tensors, "\(task) \(index)")
            #expect(one.answer == other.answer && other.timestampMicroseconds == Int64(index))
        }
        let tensors = try expected.map { try $0.get().tensors }
        #expect(Set(tensors).count == 5)
    }

    @Test func aBatchIsOnePassAndItsMemoryIsCounted() throws {
        let model = try Self.model(.classify), session = try Self.session(model, batch: 4)
        let image = try SmallSession.picture(1)
        _ = try session.run(image)
        let one = session.planBytes
        let answers = session.run(batch: Array(repeating: image, count: 4))
        let times = try answers.map { try $0.get().timings.run }
        #expect(times.count == 4 && Set(times).count == 1)
        #expect(session.planBytes > 3 * one)
    }

    /// Inputs of other forms are other plans: neighbours of one form go together, the order stays.
    @Test func imagesOfOtherFormsStayInOrder() throws {
        let model = try Self.model(.depth), alone = try Self.session(model, batch: 1), together = try Self.session(model, batch: 8)
        let samples = (0..<64 * 32 * 3).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: index * 7) }
        let wide = try Image(width: 64, height: 32, channels: 3, pixels: samples), high = try Image(width: 32, height: 64, channels: 3, pixels: samples)
        // Too thin for the recipe: its error is its own.
        let thin = try Image(width: 4000, height: 1, channels: 3, pixels: [UInt8](repeating: 9, count: 12_000))
        let images = [wide, wide, thin, high, high, wide]
        let expected = alone.run(batch: images), found = together.run(batch: images)
        #expect(found.map { (try? $0.get())?.tensors } == expected.map { (try? $0.get())?.tensors })
        #expect(found.map { (try? $0.get()) == nil } == [false, false, true, false, false, false])
        #expect(code { try found[2].get() } == code { try expected[2].get() })
        #expect(together.run(batch: []).isEmpty)
    }

    @Test func aWrongBatchIsRefused() throws {
        let model = try Self.model(.classify)
        for batch in [0, -1, 1025] { #expect(code { try Self.session(model, batch: batch) } == .argument) }
    }
}

/// The models that ship.
enum Files {
    static let root: String = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func model(_ task: VisionTask) throws -> String {
        let names: [VisionTask: String] = [
            .classify: "mobilenet_v2_1.0_224", .detect: "deimv2_hgnetv2_atto_coco", .segment: "deeplabv3_mobilenet_v2_1.0_513", .depth: "tcmonodepth_small",
        ]
        return root + "/Models/" + (try #require(names[task]))
    }
}
