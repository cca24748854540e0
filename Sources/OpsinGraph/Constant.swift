/// Bytes that somebody keeps alive: a mapped file, a buffer. Never changes once it is made.
@safe package final class ByteStorage: @unchecked Sendable {
    // @unchecked: the bytes are read-only for the whole life of the object.
    private let base: UnsafeRawPointer
    package let count: Int
    /// Bytes behind the last one that may be read too, whatever they hold.
    package let slack: Int
    private let release: @Sendable (UnsafeRawPointer, Int) -> Void
    private let setAside: (@Sendable (UnsafeRawPointer, Int) -> Void)?

    /// Takes over `count` bytes at `base`, which must stay valid until `release` is called with them, once, at the end.
    ///
    /// - Parameter setAside: gives memory back that bytes take and that they get again when they are read; nil where there is no such way.
    package init(
        base: UnsafeRawPointer, count: Int, setAside: (@Sendable (UnsafeRawPointer, Int) -> Void)? = nil,
        release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
    ) {
        unsafe self.base = base
        self.count = count
        slack = 0
        unsafe self.release = release
        unsafe self.setAside = setAside
    }

    /// Copies `floats` to a 64-byte boundary, zeros behind them: kernels read such bytes where they are.
    package init(copying floats: [Float]) {
        (count, slack) = (floats.count * 4, 64)
        let place = UnsafeMutableRawPointer.allocate(byteCount: count + slack, alignment: 64)
        unsafe floats.withUnsafeBytes { unsafe place.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(place), byteCount: $0.count) }
        unsafe (place + count).initializeMemory(as: UInt8.self, repeating: 0, count: slack)
        unsafe base = UnsafeRawPointer(place)
        unsafe release = { pointer, _ in unsafe pointer.deallocate() }
        unsafe setAside = nil
    }

    /// Calls `body` with all bytes. They may stand at any alignment.
    package func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
        defer { extendLifetime(self) }
        return unsafe try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Says that the bytes from `offset` on have been read and may wait on the disk.
    fileprivate func setAside(offset: Int, count: Int) {
        if let setAside = unsafe setAside { unsafe setAside(base + offset, count) }
    }

    deinit { unsafe release(base, count) }
}

/// How the elements of a constant are stored.
package enum ConstantType: String, Hashable, Sendable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    /// Whole numbers that only a scale makes weights of (`Filter.outputScale`).
    case int8 = "I8"

    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .int8: 1
        }
    }
}

/// A weight tensor as its publisher stored it: dimensions and element type of the file, bytes that stay where they are (usually a mapped file).
///
/// Invariant: `dimensions` are at least 1, their product times the element size is exactly the number of bytes.
package struct Constant: Sendable {
    package let name: String
    package let dimensions: [Int]
    package let type: ConstantType
    private let storage: ByteStorage
    private let offset: Int

    /// Elements of the tensor.
    package let count: Int

    /// A view of `storage` from byte `offset`; nil when the dimensions do not fit into it.
    package init?(name: String, dimensions: [Int], type: ConstantType, storage: ByteStorage, offset: Int) {
        var count = 1
        for dimension in dimensions {
            let (next, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 1, !overflow, next <= Shape.maximumCount else { return nil }
            count = next
        }
        guard offset >= 0, offset <= storage.count, count <= (storage.count - offset) / type.byteCount else { return nil }
        (self.name, self.dimensions, self.type, self.storage, self.offset, self.count) = (name, dimensions, type, storage, offset, count)
    }

    /// A float32 constant that holds a copy of `values`; nil when their number is not the product of `dimensions`.
    package init?(name: String, dimensions: [Int], values: [Float]) {
        self.init(name: name, dimensions: dimensions, type: .float32, storage: ByteStorage(copying: values), offset: 0)
        guard count == values.count else { return nil }
    }

    package var byteCount: Int { count * type.byteCount }

    /// Calls `body` with the stored bytes, which may stand at any alignment.
    package func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
        unsafe try storage.withBytes { (all) throws(Failure) in unsafe try body(UnsafeRawBufferPointer(rebasing: all[offset..<offset + byteCount])) }
    }

    /// Says that whoever read the stored bytes has its own copy: a mapped file's pages leave memory until somebody reads them again. Small tensors stay.
    package func setAside() {
        if byteCount >= 32 << 10 { storage.setAside(offset: offset, count: byteCount) }
    }

    /// The stored elements at a 64-byte boundary with 64 readable bytes behind them, as long as this constant is kept; nil when they are stored otherwise.
    package var alignedFloats: UnsafePointer<Float>? {
        guard type == .float32, offset + byteCount == storage.count, storage.slack >= 64 else { return nil }
        return unsafe withBytes { bytes in
            guard let base = bytes.baseAddress, UInt(bitPattern: base) % 64 == 0 else { return nil }
            return unsafe base.assumingMemoryBound(to: Float.self)
        }
    }

    /// The elements as fp32, row-major in `dimensions`.
    package func floats() -> [Float] {
        unsafe withBytes { bytes in
            unsafe [Float](unsafeUninitializedCapacity: count) { out, initialized in
                initialized = count
                if type == .float32 { return unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: bytes) }
                for index in 0..<count {
                    let value: Float =
                        switch type {
                        case .float32: unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
                        case .float16: unsafe Float(bytes.loadUnaligned(fromByteOffset: index * 2, as: Float16.self))
                        case .bfloat16: unsafe Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16)
                        case .int8: unsafe Float(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
                        }
                    unsafe out.initializeElement(at: index, to: value)
                }
            }
        }
    }

    /// Some of the first dimension, the same bytes; nil when there are not as many.
    package func rows(_ range: Range<Int>, name: String) -> Constant? {
        guard let first = dimensions.first, range.lowerBound >= 0, range.upperBound <= first, !range.isEmpty else { return nil }
        let length = byteCount / first
        return Constant(
            name: name, dimensions: [range.count] + dimensions.dropFirst(), type: type, storage: storage, offset: offset + range.lowerBound * length)
    }

    /// The same bytes under another name and other dimensions of the same product; nil when the product differs.
    package func reshaped(_ dimensions: [Int], name: String? = nil) -> Constant? {
        guard let view = Constant(name: name ?? self.name, dimensions: dimensions, type: type, storage: storage, offset: offset), view.count == count else {
            return nil
        }
        return view
    }
}
