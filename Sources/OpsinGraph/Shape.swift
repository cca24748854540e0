/// The extent of an activation: `n` images of `h` rows, `w` columns and `c` channels, stored in that order (NHWC), channels next to each other.
///
/// Every activation has four dimensions. A row of tokens is `[n, 1, tokens, c]`, a vector `[n, 1, 1, c]`. All dimensions are at least 1 and the
/// product is at most `Shape.maximumCount`, so arithmetic on counts and byte counts of a `Shape` cannot overflow.
package struct Shape: Hashable, Sendable {
    package let n: Int
    package let h: Int
    package let w: Int
    package let c: Int

    /// Largest number of elements of one activation: 2^36, a quarter of a terabyte in fp32.
    package static let maximumCount = 1 << 36

    /// Throws when a dimension is below 1 or the product is above `maximumCount`.
    package init(n: Int, h: Int, w: Int, c: Int) throws(GraphError) {
        var product = 1
        for dimension in [n, h, w, c] {
            guard dimension >= 1 else { throw .shape("[\(n), \(h), \(w), \(c)]: each dimension must be at least 1") }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow, next <= Shape.maximumCount else { throw .shape("[\(n), \(h), \(w), \(c)] is too large: at most \(Shape.maximumCount) elements") }
            product = next
        }
        (self.n, self.h, self.w, self.c) = (n, h, w, c)
    }

    /// Number of elements.
    package var count: Int { n * h * w * c }

    /// Number of pixels of all images, the rows of the `[pixels, c]` matrix that the activation is.
    package var pixels: Int { n * h * w }

    package func with(n: Int? = nil, h: Int? = nil, w: Int? = nil, c: Int? = nil) throws(GraphError) -> Shape {
        try Shape(n: n ?? self.n, h: h ?? self.h, w: w ?? self.w, c: c ?? self.c)
    }
}

extension Shape: CustomStringConvertible {
    package var description: String { "[\(n), \(h), \(w), \(c)]" }
}
