import OpsinGraph
import OpsinVulkan
import Testing

/// BatchNorm, LayerScale, LayerNorm and GroupNorm.
@Suite struct NormTests {
    /// `(x - mean) / sqrt(variance + epsilon)` of a set of numbers.
    func normalised(_ x: [Double], _ epsilon: Double) -> [Double] {
        let mean = x.reduce(0, +) / Double(x.count), variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        return x.map { ($0 - mean) / (variance + epsilon).squareRoot() }
    }

    func layerNorm(_ x: Tensor, _ weight: [Float], _ bias: [Float], _ epsilon: Double) -> [Double] {
        let c = x.shape.c
        return (0..<x.shape.pixels).flatMap { row in
            normalised(x.values[row * c..<(row + 1) * c].map { Double($0) }, epsilon).enumerated().map { $1 * Double(weight[$0]) + Double(bias[$0]) }
        }
    }

    func groupNorm(_ x: Tensor, _ groups: Int, _ weight: [Float], _ bias: [Float], _ epsilon: Double) -> [Double] {
        let c = x.shape.c, pixels = x.shape.h * x.shape.w, width = c / groups
        var y = [Double](repeating: 0, count: x.shape.count)
        for image in 0..<x.shape.n {
            for group in 0..<groups {
                let places = (0..<pixels).flatMap { p in (0..<width).map { (image * pixels + p) * c + group * width + $0 } }
                for (place, value) in zip(places, normalised(places.map { Double(x.values[$0]) }, epsilon)) {
                    y[place] = value * Double(weight[place % c]) + Double(bias[place % c])
                }
            }
        }
        return y
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113, 1000])
    func scaleAndShift(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 5, c: channels, seed: 1)
        let weight = numbers(channels, seed: 2), bias = numbers(channels, seed: 3), mean = numbers(channels, seed: 4)
        let variance = numbers(channels, seed: 5).map { abs($0) + 0.1 }
        let norm = try BatchNorm(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: 1e-5)
        let scaled = x.values.indices.map { Double(x.values[$0]) * Double(norm.scale[$0 % channels]) }
        try expect(.batchNorm(norm), on: backend, [x], gives: scaled.indices.map { scaled[$0] + Double(norm.shift[$0 % channels]) })
        try expect(.layerScale(LayerScale(gamma: norm.scale)), on: backend, [x], gives: scaled)
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113, 1000])
    func layerNorm(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 5, c: channels, seed: 1), weight = numbers(channels, seed: 2), bias = numbers(channels, seed: 3)
        let norm = try LayerNorm(weight: weight, bias: bias, epsilon: 1e-6)
        try expect(.layerNorm(norm), on: backend, [x], gives: layerNorm(x, weight, bias, Double(Float(1e-6))), alike: channels == 1)
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 64, 113, 1000])
    func rmsNorm(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 5, c: channels, seed: 1), weight = numbers(channels, seed: 2)
        let want = (0..<x.shape.pixels).flatMap { row in
            let values = x.values[row * channels..<(row + 1) * channels].map { Double($0) }
            let root = (values.reduce(0) { $0 + $1 * $1 } / Double(channels) + Double(Float(1e-6))).squareRoot()
            return values.enumerated().map { $1 / root * Double(weight[$0]) }
        }
        try expect(.rmsNorm(RMSNorm(weight: weight, epsilon: 1e-6)), on: backend, [x], gives: want)
    }

    /// `torch.nn.functional.rms_norm(x, (6,), arange(1, 7) / 4, 1e-6)` of `x = ((arange(18) * 7 % 11) - 5) / 2` as [3, 6]; PyTorch 2.13.
    @Test(arguments: Backend.here)
    func rmsNormOfPyTorch(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 1, w: 3, c: 6), (0..<18).map { Float($0 * 7 % 11 - 5) / 2 })
        try expect(
            .rmsNorm(RMSNorm(weight: (1...6).map { Float($0) / 4 }, epsilon: 1e-6)), on: backend, [x],
            gives: [
                -0.371305287, 0.297044218, -0.445566326, 1.48522115, 0.371305287, -1.33669901, 0.299252748, 0, -0.897758245, 0.897758245,
                -0.374065936, -2.24439573, 0.159448177, -0.318896353, 1.19586134, 0.318896353, -1.19586134, 1.91337812,
            ])
    }

    @Test(arguments: Backend.here, [(1, 1), (3, 3), (15, 5), (16, 2), (17, 1), (64, 32), (113, 1), (1000, 8)])
    func groupNorm(_ backend: Backend, _ row: (channels: Int, groups: Int)) throws {
        let x = try Tensor(n: 2, h: 7, w: 11, c: row.channels, seed: 1), weight = numbers(row.channels, seed: 2), bias = numbers(row.channels, seed: 3)
        let norm = try GroupNorm(groups: row.groups, weight: weight, bias: bias, epsilon: 1e-5)
        try expect(.groupNorm(norm), on: backend, [x], gives: groupNorm(x, row.groups, weight, bias, Double(Float(1e-5))))
    }

    /// One image, one group, many strips of pixels.
    @Test(arguments: Backend.here)
    func groupNormOverStrips(_ backend: Backend) throws {
        let x = try Tensor(h: 97, w: 89, c: 17, seed: 1), weight = numbers(17, seed: 2), bias = numbers(17, seed: 3)
        let norm = try GroupNorm(groups: 1, weight: weight, bias: bias, epsilon: 1e-5)
        try expect(.groupNorm(norm), on: backend, [x], gives: groupNorm(x, 1, weight, bias, Double(Float(1e-5))))
    }

    /// A mean of 4096 with a deviation of about 1: sums of squares minus the squared mean would leave no digit.
    @Test(arguments: Backend.here)
    func largeMeans(_ backend: Backend) throws {
        // fp16's numbers are 2 and 4 apart there: what is stored has a deviation of about 1 as well, and is what the expected numbers are of.
        let c = 113, values = backend.stored(numbers(6 * c, seed: 1).map { (4096 + $0) }), x = Tensor(try Shape(n: 1, h: 2, w: 3, c: c), values)
        let weight = [Float](repeating: 1, count: c), bias = [Float](repeating: 0, count: c)
        // The mean itself is a rounded float: half a unit in its last place, 2.4e-4, is what any fp32 result may be off by.
        for (op, want) in [
            (Op.layerNorm(try LayerNorm(weight: weight, bias: bias, epsilon: 1e-6)), layerNorm(x, weight, bias, 1e-6)),
            (.groupNorm(try GroupNorm(groups: 1, weight: weight, bias: bias, epsilon: 1e-6)), groupNorm(x, 1, weight, bias, 1e-6)),
        ] {
            let got = try run(op, on: backend, inputs: [x])
            for (g, w) in zip(got, want) { #expect(abs(Double(g) - w) < 3e-4 + (backend.vulkan == .f16 ? backend.tolerance * abs(w) : 0)) }
        }
    }

    /// `F.layer_norm(x, (6,), arange(1, 7) / 4, arange(6) / 2 - 1, 1e-6)` of `x = ((arange(36) * 7 % 11) - 5) / 2` as [2, 3, 6], and
    /// `F.group_norm(x.transpose(1, 2), 3, the same, 1e-5).transpose(1, 2)`; PyTorch 2.13.
    @Test(arguments: Backend.here)
    func ofPyTorch(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 2, h: 1, w: 3, c: 6), (0..<36).map { Float($0 * 7 % 11 - 5) / 2 })
        let weight = (1...6).map { Float($0) / 4 }, bias = (0..<6).map { Float($0) / 2 - 1 }
        try expect(
            .layerNorm(LayerNorm(weight: weight, bias: bias, epsilon: 1e-6)), on: backend, [x],
            gives: [
                -1.34826303, -0.151737005, -0.373138875, 2.09205937, 1.49751854, 0.305955559, -0.659507632, -0.424335033, -0.794482231, 1.5593096, 0.810837567,
                -0.542954385, -0.928425252, -1.0439682, 0.987731874, 0.442740142, -0.789369464, 2.96012521, -0.928425252, -1.0439682, 0.987731874, 0.442740172,
                -0.789369285, 2.96012521, -1.2433542, 0.215747714, 0.0429448672, -0.816975832, 2.35992074, 1.0705514, -1.2433542, 0.215747714, 0.042944856,
                -0.816975832, 2.35992074, 1.0705514,
            ])
        try expect(
            .groupNorm(GroupNorm(groups: 3, weight: weight, bias: bias, epsilon: 1e-5)), on: backend, [x],
            gives: [
                -1.43528247, -0.191089928, -0.735434294, 1.578637, 1.91268873, 0.573269725, -0.677048624, -0.528082728, -1.17669487, 0.990289569, 1.07020688,
                -0.437708735, -0.845545053, -0.865075529, 0.808977723, 0.401942134, 0.22772485, 4.11169434, -0.975485504, -1.03931844, 1.16189158, 0.49999997,
                -1.17641187, 2.42673016, -1.1225723, 0.284463167, 0.58094579, -0.274594396, 2.61475706, 1.41575181, -1.26965916, -0.00971053541, 0,
                -1.04918873, 1.77227509, 0.404773355,
            ])
    }
}
