import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// Values that a plan of fp16 storage keeps in fp32.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct WideValueTests {
    let shape: Shape
    let input: [Float]

    init() throws {
        shape = try Shape(n: 1, h: 1, w: 37, c: 5)
        // Whole numbers below 2048: exact in fp16.
        input = (0..<shape.count).map { Float($0 % 211 * 8 + 3) }
    }

    /// `x -> 129 x + 1 (sum) -> slice -> reshape -> / 129 (back)`: the sum passes 65504 and has 18 bits.
    func graph(wide: Bool) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: shape)
        func scale(_ factor: Float, _ bias: Float) throws -> Op {
            let constant = try #require(Constant(name: "w\(factor)", dimensions: [5, 1, 1, 1], values: [Float](repeating: factor, count: 5)))
            let filter = Filter(constant, bias: [Float](repeating: bias, count: 5))
            return .depthwiseConv2D(try DepthwiseConv2D(window: SlidingWindow(1), channels: 5, filter: filter))
        }
        let sum = try graph.append(scale(129, 1), [x], name: "sum")
        let part = try graph.append(.slice(Slice(axis: .w, start: 1, count: 36)), [sum], name: "part")
        let view = try graph.append(.reshape(Reshape(to: Shape(n: 1, h: 6, w: 6, c: 5))), [part], name: "view")
        let back = try graph.append(scale(0.5, 0), [view], name: "back")
        if wide {
            graph.requireFloat32(sum)
            graph.requireFloat32(back)
        }
        graph.output("sum", sum, layout: .nlc)
        graph.output("back", back, layout: .nhwc)
        return graph
    }

    @Test func wideValuesAreExactInAnFP16Plan() throws {
        let device = try VulkanHere.device()
        try #require(device.features.fp16)
        let expected = try CPUPlan(graph(wide: true), team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])
        #expect(expected[0].contains { $0 > 65504 })
        let plan = try VulkanPlan(graph(wide: true), on: device, storage: .f16)
        #expect(try plan.run([input]) == expected)
        #expect(plan.reports.contains { $0.kernel == "convert storage=f32 source=f16" }, "\(plan.reports.map(\.kernel))")
        // Without the wish the same plan cannot hold them.
        let narrow = try VulkanPlan(graph(wide: false), on: device, storage: .f16).run([input])
        #expect(narrow[0].contains { !$0.isFinite } && narrow != expected)
    }

    /// A wide input and a narrow output: the op runs in fp32 and its result is rounded once.
    @Test func aResultThatIsNotWideIsRounded() throws {
        let device = try VulkanHere.device()
        try #require(device.features.fp16)
        var graph = Graph()
        let x = graph.input("x", shape: shape), y = graph.input("y", shape: shape)
        graph.requireFloat32(x)
        graph.output("sum", try graph.append(.add(Add()), [x, y], name: "sum"), layout: .nlc)
        let wide = input.map { $0 / 3 }
        let got = try VulkanPlan(graph, on: device, storage: .f16).run([wide, input])[0]
        #expect(got == zip(wide, input).map { Float(Float16($0 + $1)) })
    }
}
