import CVulkan
import Glibc
import OpsinGraph
import OpsinVulkan
import Synchronization
import Testing

/// How many pipelines are being made at one moment: C functions capture nothing, so it is one global.
private enum Making {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        var now = 0
        var most = 0
        var made = 0
    }

    static let state = Mutex(State())
}

@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct ParallelPipelineTests {
    /// Drivers compile for milliseconds: the pipelines of one plan are made by several threads, each once, and a second plan makes none.
    @Test func thePipelinesOfAPlanAreMadeAtOnce() throws {
        let device = try VulkanHere.device { functions in
            let real = functions
            Making.state.withLock { $0 = Making.State(real: real) }
            unsafe functions.createComputePipelines = { device, cache, count, infos, allocator, pipelines in
                let real = Making.state.withLock { state in
                    state.now += 1
                    state.made += 1
                    state.most = max(state.most, state.now)
                    return state.real
                }
                // Long enough for the others to come.
                usleep(20_000)
                defer { Making.state.withLock { $0.now -= 1 } }
                guard let real else { return VK_ERROR_INITIALIZATION_FAILED }
                return unsafe real.createComputePipelines(device, cache, count, infos, allocator, pipelines)
            }
        }
        var graph = Graph()
        var x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 5, c: 8))
        for function in [ActivationFunction.relu, .relu6, .tanh, .sigmoid, .hardSwish, .silu] {
            x = try graph.append(.activation(Activation(function)), [x], name: "\(function)")
        }
        graph.output("x", x, layout: .nhwc)
        _ = try VulkanPlan(graph, on: device)
        #expect(Making.state.withLock { ($0.most >= 2, $0.made) } == (true, 6))
        _ = try VulkanPlan(graph, on: device)
        #expect(Making.state.withLock { $0.made } == 6)
    }
}
