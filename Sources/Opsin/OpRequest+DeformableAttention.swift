internal import OpsinGraph

extension OpRequest {
    /// An encoder's attention over `x` and smaller maps: each pixel of each map is a query, its points are up to four pixels away from it.
    func deformableAttention(_ x: Shape, _ graph: inout Graph) throws(GraphError) {
        guard (1...16).contains(levels), (1...64).contains(points) else {
            throw .attribute("--levels is \(levels), expected 1 to 16; --points is \(points), expected 1 to 64")
        }
        let heads = heads ?? max(1, x.c / 32)
        var maps: [MultiScaleDeformableAttention.Level] = [], (h, w) = (x.h, x.w)
        for _ in 0..<levels {
            maps.append(.init(height: h, width: w, points: points))
            (h, w) = ((h + 1) / 2, (w + 1) / 2)
        }
        let op = try MultiScaleDeformableAttention(heads: heads, levels: maps)
        let tokens = try Shape(n: x.n, h: 1, w: op.tokens, c: x.c)
        // A box a level with sides such that offsets of -1...1 become four pixels.
        var references: [Float] = []
        for map in maps {
            for pixel in 0..<map.height * map.width {
                let centre = [(Float(pixel % map.width) + 0.5) / Float(map.width), (Float(pixel / map.width) + 0.5) / Float(map.height)]
                for other in maps { references += centre + [Float(8 * points) / Float(other.width), Float(8 * points) / Float(other.height)] }
            }
        }
        guard let constant = Constant(name: "references", dimensions: [op.tokens, 4 * levels], values: references) else {
            throw .shape("\(name): \(op.tokens) tokens are too many")
        }
        let values = [
            graph.input("value", shape: tokens, layout: .nhwc),
            graph.input("offsets", shape: try tokens.with(c: heads * op.points * 2), layout: .nhwc),
            graph.input("logits", shape: try tokens.with(c: heads * op.points), layout: .nhwc),
            try graph.constant(constant, shape: Shape(n: 1, h: 1, w: op.tokens, c: 4 * levels)),
        ]
        graph.output("y", try graph.append(.multiScaleDeformableAttention(op), values, name: name), layout: .nhwc)
    }
}
