package import OpsinGraph

/// A dense fp32 tensor that goes into or comes out of a model, under the name and in the layout of the reference implementation.
public struct Tensor: Hashable, Sendable {
    /// The reference's name: `pixel_values`, `logits`.
    public let name: String
    /// Extents, outermost first. The last one is contiguous.
    public let dimensions: [Int]
    /// `count` values, row-major in `dimensions`.
    public let values: [Float]

    /// Throws `.argument` unless the product of `dimensions`, each at least 1, is the number of `values`.
    public init(name: String, dimensions: [Int], values: [Float]) throws(OpsinError) {
        var product = 1
        for dimension in dimensions {
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard dimension >= 1, !overflow else {
                throw OpsinError(.argument, "tensor \(name): dimensions \(dimensions) are out of range, expected each at least 1")
            }
            product = next
        }
        guard product == values.count else {
            throw OpsinError(.argument, "tensor \(name): \(dimensions) has \(product) elements, found \(values.count) values")
        }
        (self.name, self.dimensions, self.values) = (name, dimensions, values)
    }

    /// `values` are known to fit: they were made for `dimensions` here.
    package init(name: String, trusted dimensions: [Int], values: [Float]) {
        (self.name, self.dimensions, self.values) = (name, dimensions, values)
    }
}

extension Tensor {
    /// The NHWC activation `values` of `shape` as the reference lays it out.
    package init(name: String, shape: Shape, layout: TensorLayout, nhwc values: UnsafeBufferPointer<Float>) {
        let pixels = shape.h * shape.w
        let transposes = layout == .nchw && pixels > 1 && shape.c > 1
        let ordered = unsafe [Float](unsafeUninitializedCapacity: shape.count) { out, count in
            if transposes {
                for image in 0..<shape.n {
                    let base = image * pixels * shape.c
                    for pixel in 0..<pixels {
                        for channel in 0..<shape.c {
                            unsafe out.initializeElement(at: base + channel * pixels + pixel, to: values[base + pixel * shape.c + channel])
                        }
                    }
                }
            } else {
                for index in 0..<shape.count { unsafe out.initializeElement(at: index, to: values[index]) }
            }
            count = shape.count
        }
        self.init(name: name, trusted: layout.dimensions(of: shape), values: ordered)
    }

    /// The values of an `[images, channels, pixels]` tensor with the channels of a pixel next to each other. The element counts are equal.
    package func channelsLast(images: Int, channels: Int, pixels: Int) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: values.count) { out, count in
            for image in 0..<images {
                for channel in 0..<channels {
                    let plane = (image * channels + channel) * pixels
                    for pixel in 0..<pixels { unsafe out.initializeElement(at: (image * pixels + pixel) * channels + channel, to: values[plane + pixel]) }
                }
            }
            count = values.count
        }
    }
}
