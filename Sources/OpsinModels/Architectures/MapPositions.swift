private import Glibc

/// Numbers of a map's pixels that follow from its size alone, row by row: made once per graph, in Double.
enum MapPositions {
    /// Sine embeddings `[h * w, 2 * features]`: of the row, then of the column, each as sine and cosine in turn.
    ///
    /// A coordinate is `(i + 0.5) / (n + 1e-6) * 2 pi`: Deformable DETR's, with the half that plain DETR does not have (`transformers`'
    /// `DeformableDetrSinePositionEmbedding`).
    static func sines(height: Int, width: Int, features: Int) -> [Float] {
        let rows = axis(height, features), columns = axis(width, features)
        var values: [Float] = []
        values.reserveCapacity(height * width * 2 * features)
        for i in 0..<height {
            for j in 0..<width {
                values += rows[i * features..<(i + 1) * features]
                values += columns[j * features..<(j + 1) * features]
            }
        }
        return values
    }

    private static func axis(_ count: Int, _ features: Int) -> [Float] {
        (0..<count).flatMap { position -> [Float] in
            let angle = (Double(position) + 0.5) / (Double(count) + 1e-6) * 2 * .pi
            return (0..<features).map { j -> Float in
                let scaled = angle / pow(10_000, Double(j / 2 * 2) / Double(features))
                return Float(j % 2 == 0 ? sin(scaled) : cos(scaled))
            }
        }
    }

    /// The centre of each pixel `(x, y)`, in 0...1 of the map.
    static func centres(height: Int, width: Int) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(2 * height * width)
        for i in 0..<height {
            for j in 0..<width { values += [Float((Double(j) + 0.5) / Double(width)), Float((Double(i) + 0.5) / Double(height))] }
        }
        return values
    }

    /// A box around each pixel with sides of `side`, as logits of `(x, y, width, height)`; infinite where one of the four is not in 0.01...0.99, both
    /// excluded. Second, 1 where the box counts and 0 where it does not.
    static func proposals(height: Int, width: Int, side: Double) -> (logits: [Float], valid: [Float]) {
        let centres = centres(height: height, width: width)
        var logits: [Float] = [], valid: [Float] = []
        for pixel in 0..<height * width {
            let box = [Double(centres[2 * pixel]), Double(centres[2 * pixel + 1]), side, side]
            let counts = box.allSatisfy { $0 > 0.01 && $0 < 0.99 }
            logits += box.map { counts ? Float(log($0 / (1 - $0))) : .infinity }
            valid.append(counts ? 1 : 0)
        }
        return (logits, valid)
    }
}
