import CKernels
import Glibc
import OpsinCPU
import OpsinGraph
import Testing

@Suite struct CPUPlanTests {
    /// Three layers, the last one with the first one's output as residual.
    func bottleneck(outputs: Int = 24) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 14, w: 14, c: 24))
        let expand = try Linear(inputFeatures: 24, outputFeatures: 72, filter: Filter(stored(noise(72 * 24), [72, 24], .float32, name: "expand").constant))
        let window = try SlidingWindow(3, padding: .symmetric(kernel: 3))
        let middle = try DepthwiseConv2D(window: window, channels: 72, filter: Filter(stored(noise(72 * 9), [72, 1, 3, 3], .float32, name: "middle").constant))
        let project = try Linear(
            inputFeatures: 72, outputFeatures: outputs, filter: Filter(stored(noise(72 * outputs), [outputs, 72], .float32, name: "project").constant),
            epilogue: Epilogue(residual: .afterActivation))
        var y = try graph.append(.linear(expand), [x], name: "expand")
        y = try graph.append(.depthwiseConv2D(middle), [y], name: "middle")
        y = try graph.append(.linear(project), [y, x], name: "project")
        graph.output("y", y, layout: .nchw)
        return graph
    }

    @Test func everyRunGivesTheSame() throws {
        let graph = try bottleneck(), input = noise(14 * 14 * 24)
        let weights = PackedWeights()
        let one = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: weights)
        let packedOnce = weights.byteCount
        let two = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: weights)
        #expect(weights.byteCount == packedOnce, "plans of one model share packed weights")
        let expected = try one.run([input])
        #expect(expected[0].contains { abs($0) > 1 })
        for _ in 0..<200 {
            let got = try two.run([input])
            guard got == expected else {
                Issue.record("two threads give another result")
                return
            }
        }
    }

    /// A product whose result the graph wants in fp32 is not rounded to bf16.
    @Test func wideValuesAreNotRounded() throws {
        guard ISA.available.contains(.avx512), (try? CPUPrecision.bf16.check(.avx512)) != nil else { return }
        var graph = try bottleneck()
        let input = noise(14 * 14 * 24), team = try CPUTeam(threads: 1)
        let exact = try CPUPlan(graph, team: team, weights: PackedWeights()).run([input])
        let rounded = try CPUPlan(graph, team: team, weights: PackedWeights(), precision: .bf16)
        #expect(rounded.reports.filter { $0.kernel.hasSuffix("bf16") }.map(\.node) == ["expand", "middle", "project"])
        #expect(try rounded.run([input]) != exact)
        for node in graph.nodes { graph.requireFloat32(node.output) }
        #expect(try CPUPlan(graph, team: team, weights: PackedWeights(), precision: .bf16).run([input]) == exact)
    }

    /// Data at a vector's boundary is read where it is; other data, here fp16 at an odd address, is copied once. Neither changes from run to run.
    @Test func constantsAreRead() throws {
        let shape = try Shape(n: 1, h: 1, w: 3, c: 5), numbers = noise(15).map { Float(Float16($0)) }
        let aligned = try #require(Constant(name: "aligned", dimensions: [15], values: numbers))
        #expect(unsafe aligned.alignedFloats != nil)
        // One byte in front, then the halves, low byte first.
        var bytes: [UInt8] = [7]
        for number in numbers {
            let bits = Float16(number).bitPattern
            bytes += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
        }
        bytes.append(0)
        var words: [Float] = []
        for at in stride(from: 0, to: bytes.count, by: 4) {
            var word: UInt32 = 0
            for place in 0..<4 { word |= UInt32(bytes[at + place]) << UInt32(8 * place) }
            words.append(Float(bitPattern: word))
        }
        let storage = ByteStorage(copying: words)
        let odd = try #require(Constant(name: "odd", dimensions: [15], type: .float16, storage: storage, offset: 1))
        #expect(odd.floats() == numbers)
        for constant in [aligned, odd] {
            var graph = Graph()
            let data = try graph.constant(constant, shape: shape), x = graph.input("x", shape: shape)
            // The first operand of an addition may be overwritten, data may not.
            graph.output("y", try graph.append(.add(Add()), [data, x], name: "add"), layout: .nlc)
            let plan = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()), input = noise(15)
            for _ in 0..<2 { #expect(try plan.run([input])[0] == zip(numbers, input).map { $0 + $1 }) }
        }
    }

    @Test func reportsEachStep() throws {
        let plan = try CPUPlan(bottleneck(), team: CPUTeam(threads: 2), weights: PackedWeights())
        #expect(plan.reports.map(\.node) == ["expand", "middle", "project"])
        #expect(plan.reports.map(\.op) == ["Linear", "DepthwiseConv2D", "Linear"])
        #expect(plan.reports[0].kernel.hasPrefix("gemm ") && plan.reports[1].kernel.hasPrefix("depthwise 3x3 "))
        plan.run(timed: true)
        #expect(plan.times.allSatisfy { $0 > 0 })
    }

    /// Two plans with a team each, run from two threads at the same time on two cores: four threads want them.
    @Test func twoTeamsAtOnce() async throws {
        let graph = try bottleneck(), input = noise(14 * 14 * 24)
        let expected = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let plan = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights())
                    for _ in 0..<100 where try plan.run([input]) != expected { return false }
                    return true
                }
            }
            for try await same in group { #expect(same) }
        }
    }

    /// One team under two plans: runs take turns.
    @Test func plansShareATeam() async throws {
        let graph = try bottleneck(), input = noise(14 * 14 * 24), team = try CPUTeam(threads: 2)
        let expected = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let plan = try CPUPlan(graph, team: team, weights: PackedWeights())
                    for _ in 0..<100 where try plan.run([input]) != expected { return false }
                    return true
                }
            }
            for try await same in group { #expect(same) }
        }
    }

    /// Runs after the team has gone to sleep, and teams that end without ever having run.
    @Test func wakesAfterParking() throws {
        for _ in 0..<20 { _ = try CPUTeam(threads: 4) }
        let input = noise(14 * 14 * 24)
        let plan = try CPUPlan(bottleneck(), team: CPUTeam(threads: 3), weights: PackedWeights())
        let expected = try plan.run([input])
        for _ in 0..<5 {
            usleep(20_000)
            #expect(try plan.run([input]) == expected)
        }
    }

    @Test func refusesWhatIsNotHere() throws {
        #expect(throws: CPUError.self) { try CPUTeam(threads: 0) }
        #expect(throws: CPUError.self) { try CPUTeam(threads: 257) }
        for isa in ISA.allCases where !ISA.available.contains(isa) { #expect(throws: CPUError.self) { try ISA.usable(isa) } }
        #expect(throws: CPUError.self) { try CPUPrecision.bf16.check(.generic) }
        let plan = try CPUPlan(bottleneck(), team: CPUTeam(threads: 1), weights: PackedWeights())
        #expect(throws: CPUError.self) { try plan.run([]) }
        #expect(throws: CPUError.self) { try plan.run([[1, 2, 3]]) }
    }

    @Test func measuresRoofs() {
        let isa = ISA.available.last ?? .generic
        #expect(opsin_peak_fp32(isa.c, 1) > 1e8)
        #expect(opsin_peak_read(1) > 1e8)
    }
}
