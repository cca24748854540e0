import Foundation
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct TensorFlowCheckpointTests {
    typealias Variable = CheckpointWriter.Variable

    /// Writes the checkpoint into a folder; returns the folder.
    func write(_ writer: CheckpointWriter, to folder: TemporaryFolder, prefix: String = "model.ckpt-7") throws {
        try folder.write(writer.index, to: prefix + ".index")
        for (shard, bytes) in writer.shards.enumerated() { try folder.write(bytes, to: "\(prefix).data-0000\(shard)-of-0000\(writer.shardCount)") }
    }

    @Test func theChecksumIsCastagnolis() {
        // RFC 3720, B.4, and the usual check value.
        let crc = { (bytes: [UInt8]) in unsafe bytes.withUnsafeBytes { unsafe CRC32C.of($0) } }
        #expect(crc(Array("123456789".utf8)) == 0xE306_9283 && crc([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc((0..<32).map { UInt8($0) }) == 0x46DD_794E && crc([]) == 0)
    }

    @Test func snappyCopies() {
        // 11 bytes: the literal "abc", eight bytes from three back (one-byte offset), as `snappy.compress(b"abcabcabcab")` gives it.
        #expect(Snappy.decompress([11, 2 << 2, 97, 98, 99, (8 - 4) << 2 | 1, 3], limit: 100) == Array("abcabcabcab".utf8))
        #expect(Snappy.decompress([5, 0, 97, 3 << 2 | 2, 1, 0], limit: 100) == Array("aaaaa".utf8))
        for broken: [UInt8] in [[], [200], [5, 0, 97, 3 << 2 | 2, 2, 0], [1, 63 << 2, 255, 255, 255, 255], [4, 0, 97], [0, 0, 97]] {
            #expect(Snappy.decompress(broken[...], limit: 100) == nil)
        }
    }

    /// The index that TensorFlow itself wrote.
    @Test func readsTensorFlowsIndex() throws {
        let path = File.join(OracleCase.resources, "moat_tf1_checkpoint/model.ckpt.index")
        let checkpoint = try TensorFlowCheckpoint(index: File.contents(path, limit: 1 << 20), path: path) { _ in ByteStorage(copying: []) }
        #expect(checkpoint.variables.contains("moat/block_03_01/attention/relative_position_embedding"))
        #expect(checkpoint.variables.filter { $0.hasPrefix("moat/") }.count >= 350)
        #expect(message { _ = try checkpoint.weights() }?.contains("which has 0: cut short") == true)
        // Without its shard.
        #expect(message { _ = try ModelFolder(path: path) }?.contains("model.ckpt.data-00000-of-00001: is missing, a shard of") == true)
    }

    @Test(arguments: [false, true])
    func opensByEveryName(isCompressed: Bool) throws {
        var writer = CheckpointWriter(variables: CheckpointWriter.smallMOAT(), isCompressed: isCompressed)
        writer.shardCount = 2
        for index in writer.variables.indices { writer.variables[index].shard = index % 2 }
        writer.variables.append(Variable("global_step", [], type: 9, shard: 1))
        let folder = try TemporaryFolder()
        try write(writer, to: folder)
        for path in ["", "/model.ckpt-7", "/model.ckpt-7.index"] {
            let network = try ModelFolder(path: folder.path + path).network()
            #expect(network.architecture.name == "moat" && network.architecture.classCount == 3 && network.architecture.task == .classify)
        }
        // A member's widths give its name; here they are nobody's and come from the shapes.
        let config = try ModelFolder(path: folder.path).config
        #expect(try config.int("stem_size", in: 0...100) == 4 && config.value("hidden_size")?.array?.compactMap(\.int) == [8, 8, 32, 64])
    }

    @Test func anArchiveOpensToo() throws {
        let folder = try TemporaryFolder()
        try write(CheckpointWriter(variables: CheckpointWriter.smallMOAT()), to: folder)
        try folder.write(#"{"window_size": [null, null, [7, 7], null], "pool_size": 3}"#, to: "config.json")
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = [
            "tar", "-C", folder.path, "-czf", folder.path + "/model.tar.gz", "./model.ckpt-7.index", "./model.ckpt-7.data-00000-of-00001", "./config.json",
        ]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        let model = try ModelFolder(path: folder.path + "/model.tar.gz")
        let architecture = try #require(try model.network().architecture as? MOAT)
        #expect(architecture.options.windows == [nil, nil, MOAT.Window(height: 7, width: 7), nil] && architecture.options.poolSize == 3)
        // Cut short, anywhere.
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path + "/model.tar.gz")))
        for count in stride(from: 0, to: bytes.count - 8, by: bytes.count / 7 + 1) {
            let path = try folder.write(Array(bytes.prefix(count)), to: "short.tar.gz")
            let text = message { _ = try ModelFolder(path: path) }
            #expect(text?.hasPrefix(path) == true && text?.contains("\n") == false, "\(count) bytes: \(text ?? "opens")")
        }
    }

    /// Averages win over variables, with and without them; slots and counters are left out.
    @Test func averagesAreTaken() throws {
        var variables = CheckpointWriter.smallMOAT()
        let gamma = "moat/stem/norm_0/gamma"
        variables.append(Variable(gamma + "/ExponentialMovingAverage", [4], value: 5))
        variables.append(Variable(gamma + "/Momentum", [4], value: 9))
        variables.append(Variable("moat/stem/conv_0/kernel/Adam_1", [3, 3, 3, 4]))
        variables.removeAll { $0.name == "moat/stem/norm_0/beta" }
        variables.append(Variable("moat/stem/norm_0/beta/ExponentialMovingAverage", [4], value: 3))
        variables.append(Variable("global_step", [], type: 9))
        variables.append(Variable("learning_rate", []))
        let folder = try TemporaryFolder()
        try write(CheckpointWriter(variables: variables), to: folder)
        let network = try ModelFolder(path: folder.path).network()
        let graph = try network.graph(batch: 1, height: 32, width: 32)
        guard case .batchNorm(let norm) = try #require(graph.nodes.first { $0.name == "moat/stem/norm_0" }).op else { throw CancellationError() }
        #expect(norm.scale.allSatisfy { abs($0 - 5) < 0.01 } && norm.shift.allSatisfy { abs($0 - 3) < 0.01 })
    }

    @Test func convertsToAFolder() throws {
        let folder = try TemporaryFolder(), output = folder.path + "/out"
        try write(CheckpointWriter(variables: CheckpointWriter.smallMOAT()), to: folder)
        let model = try ModelFolder(path: folder.path)
        try model.convert(to: output, type: .float32)
        let converted = try ModelFolder(path: output)
        #expect(converted.config.json == model.config.json)
        #expect(try converted.network().parameterCount == model.network().parameterCount)
    }

    @Test func errorsNameWhatIsWrong() throws {
        /// The error of a checkpoint that was changed, by `change` before it is written or by `damage` after.
        func error(_ change: (inout CheckpointWriter) -> Void = { _ in }, damage: (TemporaryFolder, CheckpointWriter) throws -> Void = { _, _ in }) throws
            -> String
        {
            var writer = CheckpointWriter(variables: CheckpointWriter.smallMOAT())
            change(&writer)
            let folder = try TemporaryFolder()
            try write(writer, to: folder)
            try damage(folder, writer)
            let text = message { _ = try ModelFolder(path: folder.path + "/model.ckpt-7").network() } ?? "opens"
            #expect(!text.contains("\n") && text.contains("model.ckpt-7"))
            return text
        }
        let data = "model.ckpt-7.data-00000-of-00001"
        #expect(try error { $0.variables.removeAll { $0.name == "moat/stem/conv_1/bias" } }.contains("tensor moat/stem/conv_1/bias is missing, expected [4]"))
        #expect(try error { $0.variables.append(Variable("moat/stem/extra", [2])) }.contains("unknown tensor moat/stem/extra"))
        #expect(try error { $0.variables[1].dimensions = [2, 2] }.contains("moat/stem/conv_0/bias is F32 [2, 2], expected [4]"))
        #expect(try error { $0.variables[1].dimensions = [5] }.contains("takes 16 bytes, expected 20 for F32 [5]"))
        #expect(try error { $0.variables[1].type = 2 }.contains("is F64, expected F32, F16 or BF16"))
        #expect(try error { $0.variables.removeAll { $0.name.hasPrefix("moat/stem") } }.contains("only checkpoints of MOAT"))
        #expect(try error(damage: { folder, writer in try folder.write(Array(writer.shards[0].dropLast(5)), to: data) }).contains("cut short"))
        #expect(
            try error(damage: { folder, writer in
                var bytes = writer.shards[0]
                bytes[100] ^= 4
                try folder.write(bytes, to: data)
            }).contains("moat/stem/conv_0/kernel does not have its CRC32C: shard 0 is damaged"))
        #expect(try error(damage: { folder, _ in try FileManager.default.removeItem(atPath: folder.path + "/" + data) }).contains("is missing, a shard of"))
        #expect(
            try error(damage: { folder, writer in
                var bytes = writer.index
                bytes[40] ^= 1
                try folder.write(bytes, to: "model.ckpt-7.index")
            }).contains("the block at byte 0 does not have its CRC32C"))
        #expect(try error(damage: { folder, writer in try folder.write(Array(writer.index.dropLast()), to: "model.ckpt-7.index") }).contains("magic number"))
    }

    /// Two thousand broken indexes: half of them with checksums that are right, so that what is behind them is read.
    @Test func twoThousandMutations() {
        let variables = [Variable("moat/stem/conv_0/kernel", [3, 3, 3, 4]), Variable("moat/stem/conv_0/bias", [4]), Variable("global_step", [], type: 9)]
        var random = FuzzTests.Seeded(state: 5)
        var opened = 0
        for round in 0..<2000 {
            var writer = CheckpointWriter(variables: variables, isCompressed: round % 4 == 1)
            var index: [UInt8]
            if round % 2 == 0 {
                index = FuzzTests().mutated(writer.index, &random)
            } else {
                let seed = UInt64.random(in: .min ... .max, using: &random)
                writer.mutate = { bytes in
                    var inner = FuzzTests.Seeded(state: seed)
                    return FuzzTests().mutated(bytes, &inner)
                }
                index = writer.index
            }
            let shard = storage(writer.shards[0])
            guard let checkpoint = try? TensorFlowCheckpoint(index: index, path: "x.index", shard: { _ in shard }) else { continue }
            guard let weights = try? checkpoint.weights() else { continue }
            opened += 1
            _ = try? Network(#require(MOAT(name: "tiny-moat-0", classCount: 1)), weights: weights)
        }
        #expect(opened > 0 && opened < 2000)
    }
}
