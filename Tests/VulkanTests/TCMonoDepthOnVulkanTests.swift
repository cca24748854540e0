import OpsinGraph
import OpsinModels
import OpsinVulkan
import OracleSupport
import Testing

/// TCMonoDepth's case on the device: every head, stage and decoder.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct TCMonoDepthOnVulkanTests {
    /// fp32 within the reference's tolerance; fp16 storage within 2 % of the largest value (issue 8), and no NaN.
    @Test(arguments: [(Storage.f32, 1e-4), (Storage.f16, 2e-2)])
    func everyMapIsTheReferences(_ storage: Storage, _ tolerance: Double) throws {
        let oracle = try OracleCase("tcmonodepth_small"), expected = try oracle.expected(), (input, shape) = try oracle.input()
        let plain = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w)
        let graph = plain.exposing(plain.endpoints.map(\.name)).graph.optimized()
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        let plan = try VulkanPlan(graph, on: VulkanHere.device(options), storage: storage)
        var compared = 0
        for (port, values) in zip(plan.outputs, try plan.run([input])) {
            let pixels = port.value.shape.h * port.value.shape.w, channels = port.value.shape.c
            let found = OracleCase.sample(values.indices.map { values[$0 % pixels * channels + $0 / pixels] })
            let tensor = try #require(expected["sample." + port.name], "no \(port.name)")
            let largest = tensor.values.reduce(0.0) { max($0, abs(Double($1))) }
            let difference = zip(found, tensor.values).reduce(0.0) { worst, pair in
                let difference = abs(Double(pair.0) - Double(pair.1))
                return difference.isNaN ? .infinity : max(worst, difference)
            }
            let worst = difference / largest
            #expect(found.count == tensor.values.count && worst <= tolerance, "\(storage): \(port.name) is off by \(worst)")
            compared += 1
        }
        #expect(compared == 10)
    }
}
