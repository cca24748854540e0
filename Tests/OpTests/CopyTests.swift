import OpsinGraph
import Testing

/// Concat, Slice, Pad, DepthToSpace and Reshape: ops that only move numbers.
@Suite struct CopyTests {
    /// Every element of an output shape, by its indices.
    func elements(_ shape: Shape, _ f: (Int, Int, Int, Int) -> Double) -> [Double] {
        (0..<shape.count).map { i in f(i / (shape.c * shape.w * shape.h), i / (shape.c * shape.w) % shape.h, i / shape.c % shape.w, i % shape.c) }
    }

    static let axes: [Axis] = [.n, .h, .w, .c]

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113])
    func concat(_ backend: Backend, channels: Int) throws {
        for axis in CopyTests.axes {
            let whole = try Shape(n: 2, h: 3, w: 5, c: channels), extents = [1, 4, 2]
            let inputs = try extents.enumerated().map { index, extent in
                let shape = try whole.replacing(axis, by: extent)
                return Tensor(shape, numbers(shape.count, seed: UInt64(index)))
            }
            let want = elements(try whole.replacing(axis, by: 7)) { n, h, w, c in
                var at = [n, h, w, c], input = 0
                while at[axis.rawValue] >= extents[input] {
                    at[axis.rawValue] -= extents[input]
                    input += 1
                }
                return inputs[input][at[0], at[1], at[2], at[3]]
            }
            try expect(.concat(Concat(axis: axis)), on: backend, inputs, gives: want)
        }
    }

    @Test(arguments: Backend.here, [5, 16, 17, 113])
    func slice(_ backend: Backend, channels: Int) throws {
        for axis in CopyTests.axes {
            let x = try Tensor(n: 6, h: 7, w: 5, c: channels, seed: 1)
            for (start, count, step) in [(0, 1, 1), (1, 3, 1), (0, 2, 2), (1, 2, 3), (4, 1, 5)] {
                let op = try Slice(axis: axis, start: start, count: count, step: step)
                let want = elements(try x.shape.replacing(axis, by: count)) { n, h, w, c in
                    var at = [n, h, w, c]
                    at[axis.rawValue] = start + at[axis.rawValue] * step
                    return x[at[0], at[1], at[2], at[3]]
                }
                try expect(.slice(op), on: backend, [x], gives: want)
            }
        }
    }

    /// ShuffleNet's halves: whole vectors, half ones, and what is left over.
    @Test(arguments: Backend.here, [2, 16, 31, 32, 48, 50, 113])
    func everySecondChannel(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 5, c: channels, seed: 1)
        for start in [0, 1] where channels - start >= 1 {
            let count = (channels - start + 1) / 2
            let want = elements(try x.shape.replacing(.c, by: count)) { n, h, w, c in x[n, h, w, start + 2 * c] }
            try expect(.slice(Slice(axis: .c, start: start, count: count, step: 2)), on: backend, [x], gives: want)
        }
    }

    @Test(arguments: Backend.here, [1, 3, 16, 113])
    func pad(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 4, c: channels, seed: 1)
        for (padding, value) in [
            (Padding(top: 1, left: 2, bottom: 3, right: 4), Float(0)), (Padding(left: 1), -7.5), (Padding(top: 2), .infinity), (.none, 1),
        ] {
            let op = try Pad(padding: padding, value: value)
            let want = elements(try op.outputShape(of: [x.shape])) { n, h, w, c in
                let row = h - padding.top, column = w - padding.left
                return (0..<3).contains(row) && (0..<4).contains(column) ? x[n, row, column, c] : Double(value)
            }
            try expect(.pad(op), on: backend, [x], gives: want)
        }
    }

    /// `tf.nn.depth_to_space`'s order: the place in the block is outermost.
    @Test(arguments: Backend.here, [1, 3, 16, 48])
    func depthToSpace(_ backend: Backend, channels: Int) throws {
        for block in [1, 2, 3, 4] {
            let x = try Tensor(n: 2, h: 3, w: 5, c: block * block * channels, seed: 1)
            let want = elements(try Shape(n: 2, h: 3 * block, w: 5 * block, c: channels)) { n, h, w, c in
                x[n, h / block, w / block, (h % block * block + w % block) * channels + c]
            }
            try expect(.depthToSpace(DepthToSpace(block: block)), on: backend, [x], gives: want)
        }
        #expect(throws: GraphError.self) { try DepthToSpace(block: 2).outputShape(of: [Shape(n: 1, h: 1, w: 1, c: 6)]) }
    }

    /// A plan gives input and output one place; without that it is a copy.
    @Test(arguments: Backend.here, [1, 113, 4096, 9001])
    func reshape(_ backend: Backend, count: Int) throws {
        let numbers = try Tensor(n: 3, c: count, seed: 1), x = Tensor(numbers.shape, backend.stored(numbers.values))
        let op = Op.reshape(Reshape(to: try Shape(n: 1, h: count, w: 3, c: 1)))
        try expect(op, on: backend, [x], gives: x.values.map { Double($0) })
        #expect(try run(op, on: backend, inputs: [x], inPlace: true) == x.values)
    }
}
