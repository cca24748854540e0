import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// What leaves the range of a row's storage, said outright: fp32 rows hold it, fp16 rows have infinity in its place, and what follows computes with that.
@Suite struct StorageRangeTests {
    private func tensor(_ values: [Float]) throws -> Tensor { Tensor(try Shape(n: 1, h: 1, w: 1, c: values.count), values) }

    /// Sums and products beyond 65,504 and just below it. 65,519 is the largest number that fp16 rounds down to its largest.
    @Test(arguments: Backend.here)
    func overflowIsInfinity(_ backend: Backend) throws {
        let a: [Float] = [300, -300, 256, -256, 60_000, -60_000, 32_752, 1], b: [Float] = [300, 300, 255.875, 255.875, 60_000, -60_000, 32_752, 2]
        let products = zip(a, b).map { backend.stored(Double($0) * Double($1)) }, sums = zip(a, b).map { backend.stored(Double($0) + Double($1)) }
        try expect(.multiply(Multiply()), on: backend, [tensor(a), tensor(b)], gives: products)
        try expect(.add(Add()), on: backend, [tensor(a), tensor(b)], gives: sums)
        try expect(.layerScale(LayerScale(gamma: b)), on: backend, [tensor(a)], gives: products)
        #expect(products.contains { $0.isInfinite } == (backend.vulkan == .f16))
        // What is stored is what is clamped: an epilogue sees the sum before it is stored.
        try expect(.add(Add(activation: .relu6)), on: backend, [tensor(a), tensor(b)], gives: sums.map { min(max($0, 0), 6) })
    }

    /// Weighted sums are fp32 until they are stored: 100 products of 30,000 leave fp16's range, half of them with the other sign come back into it.
    @Test(arguments: Way.all.filter { $0.precision == .fp32 }, [false, true])
    func sumsAreNotStoredOnTheWay(_ way: Way, cancels: Bool) throws {
        let inputs = 100, x = [Float](repeating: 30_000, count: inputs)
        let weights = (0..<2 * inputs).map { (index: Int) -> Float in cancels && index % inputs < 50 ? -1 : 1 }
        let filter = Filter(try #require(Constant(name: "w", dimensions: [2, inputs], values: weights)))
        let op = try Linear(inputFeatures: inputs, outputFeatures: 2, filter: filter)
        let backend = Backend(isa: way.isa, threads: way.threads, vulkan: way.vulkan)
        let got = try run(.linear(op), on: backend, inputs: [tensor(x)])
        #expect(got == (cancels ? [0, 0] : way.vulkan == .f16 ? [.infinity, .infinity] : [3_000_000, 3_000_000]))
    }

    /// Numbers below fp16's smallest normal one, 2^-14, keep an absolute error of half a step of 2^-24; a device may flush them to zero.
    @Test(arguments: Backend.here)
    func smallNumbers(_ backend: Backend) throws {
        let a: [Float] = [1e-3, 1e-4, 1e-5, 1e-6, -1e-5, 0], b: [Float] = [1, 0.5, 0.5, 0.5, 0.5, 0.5]
        let got = try run(.multiply(Multiply()), on: backend, inputs: [tensor(a), tensor(b)])
        for index in a.indices {
            let want = Double(backend.stored(a)[index]) * Double(b[index]), smallest = 0x1p-14
            let slack = backend.vulkan == .f16 ? (abs(want) < smallest ? smallest : 0x1p-11 * abs(want)) : 1e-7 * abs(want)
            #expect(abs(Double(got[index]) - want) <= slack, "\(backend.testDescription): \(a[index])")
        }
    }
}
