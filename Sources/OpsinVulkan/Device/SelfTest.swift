/// Small computations with known results, one for each optional feature, because drivers have listed features that give wrong numbers.
package enum SelfTest {
    /// The features that compute, and why each of the others is not trusted. A feature that the device lacks is in neither.
    package static func run(_ device: Device) -> [Feature: String] {
        var defects: [Feature: String] = [:]
        let axes: [(Feature, SelfTestShader.Feature)] = [
            (.fp16, .fp16), (.int8, .int8), (.subgroups, .subgroups), (.sharedSizes, .sharedSizes), (.coopmat, .coopmat),
            (.coopmat, .coopmatKhr),
        ]
        for (feature, axis) in axes {
            let shader = SelfTestShader(feature: axis, local: feature == .coopmat ? 4 * UInt32(clamping: device.info.limits.subgroupSize) : 64)
            guard device.features.missing(for: shader.spirv) == nil else { continue }
            do throws(VulkanError) {
                if let defect = try defect(of: axis, shader, on: device) { defects[feature] = defect }
            } catch {
                defects[feature] = error.description
            }
        }
        return defects
    }

    private static func defect(of feature: SelfTestShader.Feature, _ shader: SelfTestShader, on device: Device) throws(VulkanError) -> String? {
        switch feature {
        case .fp16:
            let x = (0..<64).map { Float16($0 - 32) / 16 }
            return compare(try compute(shader, x, 64, device), x.map { $0 / 2 + 1 })
        case .int8:
            let x = (0..<64).map { Int8(truncatingIfNeeded: $0 &* 37) }
            return compare(try compute(shader, x, 64, device), x.map { 3 &* $0 &- 1 })
        case .subgroups:
            return compare(try compute(shader, (0..<64).map { UInt32($0 * $0 + 1) }, 64, device), [UInt32](repeating: 1, count: 64))
        case .sharedSizes:
            let x = (0..<64).map { UInt32($0 * $0 + 7) }
            return compare(try compute(shader, x, 64, device), (0..<64).map { (index: Int) -> UInt32 in x[63 - index] + 4 * UInt32((index + 1) % 64) })
        case .coopmat, .coopmatKhr:
            let x = (0..<512).map { Float16(($0 * 7) % 31 - 15) / 8 }
            return compare(try compute(shader, x, 1024, device), [[Float]](repeating: product(x), count: 4).flatMap { $0 })
        }
    }

    /// The product of the two 16 x 16 matrices in `x`.
    private static func product(_ x: [Float16]) -> [Float] {
        var y = [Float](repeating: 0, count: 256)
        for row in 0..<16 {
            for column in 0..<16 {
                for inner in 0..<16 { y[row * 16 + column] += Float(x[row * 16 + inner]) * Float(x[256 + inner * 16 + column]) }
            }
        }
        return y
    }

    private static func compute<Input: BitwiseCopyable, Output: BitwiseCopyable>(
        _ shader: SelfTestShader, _ x: [Input], _ count: Int, _ device: Device
    ) throws(VulkanError) -> [Output] {
        let source = try device.memory.allocate(x.count * MemoryLayout<Input>.stride, .upload)
        try source.write(x)
        let target = try device.memory.allocate(count * MemoryLayout<Output>.stride, .readback)
        try target.write([UInt8](repeating: 0, count: target.byteCount))
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        let dispatch = Dispatch(pipeline, buffers: [source.view, target.view], push: [], groups: GroupCount(1), label: shader.spirv.name)
        try CommandList(device, [.dispatch(dispatch)]).run(timeoutMilliseconds: device.timeoutMilliseconds)
        return try target.read(Output.self, count: count)
    }

    /// All values are small multiples of powers of two: the results are exact.
    private static func compare<Element: Equatable>(_ got: [Element], _ want: [Element]) -> String? {
        guard let index = want.indices.first(where: { got[$0] != want[$0] }) else { return nil }
        return "self-test element \(index) is \(got[index]), expected \(want[index])"
    }
}
