import OpsinGraph
import OpsinVulkan
import Testing

/// Work of others in a plan's submit, before it and after it.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct StageTests {
    /// `y = relu(x)` and `z = tanh(x)`.
    func plan(_ device: Device, timing: VulkanPlan.Timing = .none) throws -> VulkanPlan {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 5, c: 8))
        graph.output("y", try graph.append(.activation(Activation(.relu)), [x], name: "y"), layout: .nhwc)
        graph.output("z", try graph.append(.activation(Activation(.tanh)), [x], name: "z"), layout: .nhwc)
        return try VulkanPlan(graph, on: device, timing: timing)
    }

    @Test func aStageReadsAnOutputThatNeverLeavesTheDevice() throws {
        let device = try VulkanHere.device(), plan = try plan(device, timing: .each)
        let result = try device.memory.allocate(160, .device), target = try device.memory.allocate(160, .readback)
        let stage = try CommandList(
            device, [.dispatch(activation(device, 5, plan.outputView(0), result.view)), .copy(result.view, to: target.view)])
        let x = (0..<40).map { Float($0) - 20 }
        for _ in 0..<2 {
            let outputs = try plan.run([x], after: stage, reads: [1])
            #expect(outputs[0].isEmpty && outputs[1].count == 40)
            let found = try target.read(Float.self, count: 40)
            for (index, value) in found.enumerated() {
                let relu = max(x[index], 0)
                #expect(abs(value - relu / (1 + Float(exp(Double(-relu))))) < 1e-5)
            }
            // The plan's own dispatches are timed as ever.
            #expect(try plan.dispatchNanoseconds().count == 2)
        }
        #expect(try plan.run([x])[0] == x.map { max($0, 0) })
    }

    @Test func aStageWritesAnInput() throws {
        let device = try VulkanHere.device(), plan = try plan(device)
        let x = (0..<40).map { Float($0) - 20 }, source = try upload(x, to: device)
        let input = try plan.inputView(0)
        let stage = try CommandList(device, [.copy(source.view, to: BufferView(buffer: input.buffer, offset: input.offset, byteCount: 160))])
        #expect(try plan.run([nil], before: stage)[0] == x.map { max($0, 0) })
        #expect(throws: VulkanError.self) { try plan.run([x, x]) }
        #expect(throws: VulkanError.self) { try plan.outputView(2) }
    }

    private func exp(_ x: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for n in 1..<80 {
            term *= -abs(x) / Double(n)
            sum += term
        }
        return x <= 0 ? sum : 1 / sum
    }
}
