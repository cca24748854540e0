internal import COpsin
internal import Opsin

extension opsin_tensor {
    /// A float tensor without data. Images are `[n, h, w, c]`.
    init(dimensions: [Int], isImage: Bool) {
        unsafe self.init()
        unsafe dtype = OPSIN_DTYPE_F32
        unsafe layout = isImage ? OPSIN_LAYOUT_NHWC : OPSIN_LAYOUT_FLAT
        unsafe rank = UInt32(clamping: min(dimensions.count, Int(OPSIN_MAX_RANK)))
        unsafe withUnsafeMutableBytes(of: &dims) { bytes in
            let places = unsafe bytes.bindMemory(to: Int64.self)
            for (index, dimension) in dimensions.prefix(places.count).enumerated() { unsafe places[index] = Int64(dimension) }
        }
    }
}

/// A float tensor that C code may look at: images in NHWC order, where the reference has NCHW.
struct LentTensor: Sendable {
    let name: String
    let dimensions: [Int]
    let isImage: Bool
    /// An array's elements are one block on the heap that stays as long as the array is kept and not written.
    let values: [Float]

    init(_ tensor: Tensor) {
        name = tensor.name
        isImage = tensor.dimensions.count == 4
        guard isImage else {
            (dimensions, values) = (tensor.dimensions, tensor.values)
            return
        }
        let (n, c, h, w) = (tensor.dimensions[0], tensor.dimensions[1], tensor.dimensions[2], tensor.dimensions[3])
        dimensions = [n, h, w, c]
        values = transposed(tensor.values, batch: n, rows: c, columns: h * w)
    }

    /// Fills the caller's struct; `name` is made in `lent`, the data stay here.
    func show(in place: UnsafeMutablePointer<opsin_tensor>?, _ lent: Lent) throws(Failure) {
        var out = unsafe opsin_tensor(dimensions: dimensions, isImage: isImage)
        unsafe out.name = lent.text(name)
        unsafe out.data = values.withUnsafeBufferPointer { unsafe UnsafeRawPointer($0.baseAddress) }
        unsafe out.byte_count = UInt64(clamping: values.count) &* 4
        try unsafe write(out, to: place, "tensor")
    }
}

/// `[batch, rows, columns]` to `[batch, columns, rows]`.
func transposed(_ values: [Float], batch: Int, rows: Int, columns: Int) -> [Float] {
    guard rows > 1, columns > 1, values.count == batch * rows * columns else { return values }
    return unsafe [Float](unsafeUninitializedCapacity: values.count) { out, count in
        unsafe values.withUnsafeBufferPointer { source in
            for image in 0..<batch {
                let base = image * rows * columns
                for column in 0..<columns {
                    for row in 0..<rows {
                        unsafe out.initializeElement(at: base + column * rows + row, to: source[base + row * columns + column])
                    }
                }
            }
        }
        count = values.count
    }
}

extension SharedTensor {
    /// The caller's tensor where the device can read it: the one image input in NHWC. Nil for all others, which are read by the host.
    init?(_ tensor: opsin_tensor, expecting known: [TensorDescription]) throws(Failure) {
        let name = unsafe optionalText(tensor.name) ?? known.first?.name ?? ""
        guard known.count == 1, known[0].name == name, known[0].isImage, unsafe tensor.layout == OPSIN_LAYOUT_NHWC, unsafe tensor.dtype == OPSIN_DTYPE_F32,
            unsafe tensor.data == nil
        else { return nil }
        let dimensions = try unsafe Tensor.dimensions(of: tensor, name)
        guard dimensions.count == 4, dimensions[3] == 3, unsafe tensor.byte_count == UInt64(dimensions.reduce(4, *)) else { return nil }
        let object = try unsafe Handles.buffers.object(tensor.buffer, "tensor \(name): buffer")
        self.init(object.buffer, offset: unsafe tensor.buffer_offset, batch: dimensions[0], height: dimensions[1], width: dimensions[2])
    }
}

extension Tensor {
    /// The caller's tensor under the model's name for it, in the reference's layout. Nothing in `tensor` is trusted.
    init(_ tensor: opsin_tensor, expecting known: [TensorDescription], _ what: String) throws(Failure) {
        let given = unsafe optionalText(tensor.name)
        let name = given ?? (known.count == 1 ? known[0].name : "")
        guard let description = known.first(where: { $0.name == name }) else {
            throw Failure(OPSIN_E_NOT_FOUND, "\(what) \"\(name.prefix(80))\" is unknown (expected \(known.map(\.name).joined(separator: ", ")))")
        }
        guard unsafe tensor.dtype == OPSIN_DTYPE_F32 else {
            throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): dtype is \(unsafe tensor.dtype), expected OPSIN_DTYPE_F32 (\(OPSIN_DTYPE_F32))")
        }
        let dimensions = try unsafe Tensor.dimensions(of: tensor, name)
        let count = dimensions.reduce(1, *)
        guard unsafe tensor.byte_count == UInt64(count) * 4 else {
            throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): byte_count is \(unsafe tensor.byte_count), expected \(count * 4) for \(dimensions)")
        }
        var shared: SharedBuffer?
        if let handle = unsafe tensor.buffer {
            let found = try unsafe Handles.buffers.object(handle, "tensor \(name): buffer").buffer
            try opsin { () throws(OpsinError) in try found.begin() }
            shared = found
        }
        defer { shared?.end() }
        let data: UnsafeRawPointer
        if let shared {
            guard unsafe tensor.data == nil else { throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): both data and buffer are set") }
            let offset = unsafe tensor.buffer_offset
            unsafe data = try unsafe opsin { () throws(OpsinError) in
                try shared.check(offset, count: count * 4)
                return try unsafe shared.address(offset, count: count * 4)
            }
        } else {
            guard let given = unsafe tensor.data else { throw .null("tensor \(name): data") }
            unsafe data = given
        }
        let values = unsafe [Float](unsafeUninitializedCapacity: count) { out, filled in
            unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: UnsafeRawBufferPointer(start: data, count: count * 4))
            filled = count
        }
        guard description.isImage else {
            self = try opsin { () throws(OpsinError) in try Tensor(name: name, dimensions: dimensions, values: values) }
            return
        }
        guard dimensions.count == 4 else { throw Failure(OPSIN_E_ARGUMENT, "tensor \(name) is \(dimensions), expected 4 dims") }
        switch unsafe tensor.layout {
        case OPSIN_LAYOUT_NCHW: self = try opsin { () throws(OpsinError) in try Tensor(name: name, dimensions: dimensions, values: values) }
        case OPSIN_LAYOUT_NHWC:
            let (n, h, w, c) = (dimensions[0], dimensions[1], dimensions[2], dimensions[3])
            let reordered = transposed(values, batch: n, rows: h * w, columns: c)
            self = try opsin { () throws(OpsinError) in try Tensor(name: name, dimensions: [n, c, h, w], values: reordered) }
        default: throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): layout is \(unsafe tensor.layout), expected OPSIN_LAYOUT_NHWC or OPSIN_LAYOUT_NCHW")
        }
    }

    /// The dims of the caller's tensor, each at least 1, their product at most 2^36.
    static func dimensions(of tensor: opsin_tensor, _ name: String) throws(Failure) -> [Int] {
        guard unsafe tensor.rank >= 1, unsafe tensor.rank <= UInt32(OPSIN_MAX_RANK) else {
            throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): rank is \(unsafe tensor.rank), expected 1 to \(OPSIN_MAX_RANK)")
        }
        var dims = unsafe tensor.dims
        let all = unsafe withUnsafeBytes(of: &dims) { unsafe Array($0.bindMemory(to: Int64.self)) }
        let dimensions = all.prefix(Int(unsafe tensor.rank)).map { Int(clamping: $0) }
        var product = 1
        for dimension in dimensions {
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard dimension >= 1, !overflow, next <= 1 << 36 else {
                throw Failure(OPSIN_E_ARGUMENT, "tensor \(name): dims \(dimensions) are out of range (each at least 1, at most 2^36 elements)")
            }
            product = next
        }
        return dimensions
    }
}
