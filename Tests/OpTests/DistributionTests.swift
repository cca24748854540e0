import Glibc
import OpsinGraph
import Testing

/// DistributionToBox and DistributionStatistics, against their definitions in Double and against PyTorch.
@Suite struct DistributionTests {
    func softmax(_ x: [Float]) -> [Double] {
        let largest = Double(x.max() ?? 0), weights = x.map { exp(Double($0) - largest) }, sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    func boxes(_ x: Tensor, _ boxes: Tensor, _ distances: [Float], _ scale: Double) -> [Double] {
        let bins = distances.count
        return (0..<boxes.shape.pixels).flatMap { row in
            let d = (0..<4).map { side in
                zip(softmax(Array(x.values[(4 * row + side) * bins..<(4 * row + side + 1) * bins])), distances).reduce(0) { $0 + $1.0 * Double($1.1) }
            }
            let b = boxes.values[4 * row..<4 * row + 4].map { Double($0) }
            let low = (0..<2).map { b[$0] - (scale / 2 + d[$0]) * b[2 + $0] / scale },
                high = (0..<2).map { b[$0] + (scale / 2 + d[2 + $0]) * b[2 + $0] / scale }
            return [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[0] - low[0], high[1] - low[1]]
        }
    }

    @Test(arguments: Backend.here, [2, 5, 15, 16, 17, 33, 113])
    func everyNumberOfBins(_ backend: Backend, bins: Int) throws {
        let x = try Tensor(n: 2, w: 37, c: 4 * bins, seed: 1, scale: 9), old = try Tensor(n: 2, w: 37, c: 4, seed: 2, scale: 1)
        let distances = numbers(bins, seed: 3, scale: 4)
        let op = try DistributionToBox(distances: distances, scale: 4)
        try expect(.distributionToBox(op), on: backend, [x, old], gives: boxes(x, old, distances, 4))
    }

    /// The largest `top` of a softmax by a full sort, and their mean.
    @Test(arguments: Backend.here, [(4, 33, 4), (1, 1, 1), (3, 16, 5), (2, 113, 16), (4, 7, 7)])
    func everyTop(_ backend: Backend, _ row: (groups: Int, bins: Int, top: Int)) throws {
        let x = try Tensor(n: 2, w: 29, c: row.groups * row.bins, seed: 1, scale: 7)
        let want = (0..<x.shape.pixels * row.groups).flatMap { group in
            let best = softmax(Array(x.values[group * row.bins..<(group + 1) * row.bins])).sorted(by: >).prefix(row.top)
            return Array(best) + [best.reduce(0, +) / Double(row.top)]
        }
        let op = try DistributionStatistics(groups: row.groups, top: row.top)
        try expect(.distributionStatistics(op), on: backend, [x], gives: want, alike: row.bins == 1)
    }

    /// Logits of 0 alike: each bin has the same share, and equal ones are counted once each.
    @Test(arguments: Backend.here)
    func equalBins(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: 8), [0, 0, 0, 0, 3, 3, -3, -3])
        let high = 1 / (2 + 2 * exp(-6.0)), low = exp(-6.0) * high
        try expect(
            .distributionStatistics(DistributionStatistics(groups: 2, top: 3)), on: backend, [x],
            gives: [0.25, 0.25, 0.25, 0.25, high, high, low, (2 * high + low) / 3])
    }

    /// transformers 5.23, `distance2bbox(points, Deimv2Integral()(corners, W), 4)` with `W = weighting_function(8, 0.5, 4)`,
    /// `corners = ((arange(72) * 11 % 23) - 11) / 4` as [2, 36], `points = [[0.5, 0.4, 0.2, 0.3], [0.1, 0.9, 0.05, 0.6]]`; and the statistics
    /// `cat(topk(softmax, 3), mean)` of the same corners.
    @Test(arguments: Backend.here)
    func ofTransformers(_ backend: Backend) throws {
        let corners = Tensor(try Shape(n: 1, h: 1, w: 2, c: 36), (0..<72).map { Float($0 * 11 % 23 - 11) / 4 })
        let points = Tensor(try Shape(n: 1, h: 1, w: 2, c: 4), [0.5, 0.4, 0.2, 0.3, 0.1, 0.9, 0.05, 0.6])
        let distances: [Float] = [
            -4, -1.99999952, -1.08008361, -0.442249537, 0, 0.442249537, 1.08008361, 1.99999952, 4,
        ]
        try expect(
            .distributionToBox(DistributionToBox(distances: distances, scale: 4)), on: backend, [corners, points],
            gives: [
                0.516222358, 0.38361913, 0.277635038, 0.202896208, 0.097269848, 1.07776666, 0.0338160321, 1.05413342,
            ])
        try expect(
            .distributionStatistics(DistributionStatistics(groups: 4, top: 3)), on: backend, [corners],
            gives: [
                0.32846427, 0.255808234, 0.199223652, 0.26116538, 0.326381147, 0.254185885, 0.197960168, 0.259509057, 0.688417614, 0.0931671932,
                0.0725586787, 0.28471449, 0.296925008, 0.231245428, 0.180094123, 0.236088201, 0.326381147, 0.254185885, 0.197960168, 0.259509057,
                0.376762807, 0.293423176, 0.228518203, 0.299568057, 0.296925008, 0.231245428, 0.180094123, 0.236088201, 0.708480537, 0.0958824158,
                0.074673295, 0.293012083,
            ])
    }

    @Test func refusesWhatDoesNotFit() throws {
        #expect(throws: GraphError.self) { try DistributionToBox(distances: [1], scale: 4) }
        #expect(throws: GraphError.self) { try DistributionToBox(distances: [1, 2], scale: 0) }
        #expect(throws: GraphError.self) { try DistributionStatistics(groups: 4, top: 0) }
        let box = try DistributionToBox(distances: [-1, 1], scale: 4)
        #expect(throws: GraphError.self) { try box.outputShape(of: [Shape(n: 1, h: 1, w: 3, c: 8), Shape(n: 1, h: 1, w: 2, c: 4)]) }
        #expect(throws: GraphError.self) { try DistributionStatistics(groups: 4, top: 3).outputShape(of: [Shape(n: 1, h: 1, w: 3, c: 8)]) }
    }
}
