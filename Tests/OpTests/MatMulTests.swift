import OpsinCPU
import OpsinGraph
import Testing

@Suite struct MatMulTests {
    @Test(arguments: Way.all.filter { $0.precision == .fp32 }, [(1, 1, 1, 1, 1), (2, 3, 7, 5, 17), (1, 4, 49, 64, 49), (1, 1, 16, 33, 100)])
    func matchesTheDefinition(_ way: Way, _ size: (n: Int, h: Int, rows: Int, inner: Int, columns: Int)) throws {
        for transposeB in [false, true] {
            let a = try Shape(n: size.n, h: size.h, w: size.rows, c: size.inner)
            let b = try transposeB ? a.with(w: size.columns, c: size.inner) : a.with(w: size.inner, c: size.columns)
            let left = noise(a.count), right = noise(b.count, seed: 2)
            let scale: Float = 0.25
            try expect(.matMul(MatMul(transposeB: transposeB, scale: scale)), on: way, inputs: [(a, left), (b, right)]) { n, h, i, j in
                let image = n * size.h + h
                var sum = Expected(value: 0, magnitude: 0)
                for k in 0..<size.inner {
                    let row = image * size.inner * size.columns
                    let factor = right[transposeB ? row + j * size.inner + k : row + k * size.columns + j]
                    let product = Double(left[(image * size.rows + i) * size.inner + k]) * Double(factor) * Double(scale)
                    sum.value += product
                    sum.magnitude += abs(product)
                }
                return sum
            }
        }
    }
}
