internal import COpsin

/// A struct that crosses the border: `struct_size` comes first, zero means default, and it only ever grew at its end.
protocol VersionedStruct {
    init()
    var struct_size: UInt32 { get set }
    /// Its size in the first version that had it. A program never has a smaller one.
    static var firstBytes: Int { get }
}

/// No struct will be larger: a size above it is memory that was not initialised.
private let largestStruct = 4096

/// Zeroes the caller's struct, whose size may be another than ours.
func initialize(_ pointer: UnsafeMutableRawPointer?, _ size: UInt32) {
    guard let pointer = unsafe pointer, size >= 4, size <= largestStruct else { return }
    unsafe pointer.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
    unsafe pointer.storeBytes(of: size, as: UInt32.self)
}

/// The caller's size of a struct; throws when it was not initialised.
private func callersSize<Struct: VersionedStruct>(_ pointer: UnsafeRawPointer, _: Struct.Type, _ name: String) throws(Failure) -> Int {
    let size = unsafe Int(pointer.loadUnaligned(as: UInt32.self))
    guard size >= Struct.firstBytes, size <= largestStruct else {
        throw Failure(OPSIN_E_ARGUMENT, "\(name): struct_size is \(size), expected \(MemoryLayout<Struct>.size) (was \(Struct.self)_init called?)")
    }
    return size
}

/// The caller's struct as ours: fields that an older caller does not have are zero; fields that we do not have must be.
func read<Struct: VersionedStruct>(_ pointer: UnsafePointer<Struct>?, _ name: String) throws(Failure) -> Struct {
    guard let pointer = unsafe pointer else { throw .null(name) }
    return try unsafe read(at: UnsafeRawPointer(pointer), name)
}

/// As `read`; NULL is all zero.
func readOrDefault<Struct: VersionedStruct>(_ pointer: UnsafePointer<Struct>?, _ name: String) throws(Failure) -> Struct {
    guard let pointer = unsafe pointer else { return Struct() }
    return try unsafe read(at: UnsafeRawPointer(pointer), name)
}

private func read<Struct: VersionedStruct>(at pointer: UnsafeRawPointer, _ name: String) throws(Failure) -> Struct {
    let size = try unsafe callersSize(pointer, Struct.self, name)
    var value = Struct()
    unsafe withUnsafeMutableBytes(of: &value) { bytes in
        unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, bytes.count)))
    }
    for offset in stride(from: MemoryLayout<Struct>.size, to: size, by: 1) where unsafe pointer.load(fromByteOffset: offset, as: UInt8.self) != 0 {
        let known = "Opsin \(versionText) knows \(MemoryLayout<Struct>.size) bytes"
        throw Failure(OPSIN_E_VERSION, "\(name) has a field of a newer \(Struct.self) set, at byte \(offset): \(known)")
    }
    return value
}

/// `count` structs of the caller's, each as many bytes after the one before as the first one's `struct_size` says.
func readArray<Struct: VersionedStruct>(_ pointer: UnsafePointer<Struct>?, count: UInt32, atMost most: Int, _ name: String) throws(Failure) -> [Struct] {
    guard let pointer = unsafe pointer else { throw .null(name) }
    guard count >= 1, count <= most else { throw Failure(OPSIN_E_ARGUMENT, "count of \(name) is \(count), expected 1 to \(most)") }
    let first = unsafe UnsafeRawPointer(pointer)
    let size = try unsafe callersSize(first, Struct.self, "\(name)[0]")
    var values: [Struct] = []
    for index in 0..<Int(count) {
        let place = unsafe first + index * size
        guard unsafe Int(place.loadUnaligned(as: UInt32.self)) == size else {
            throw Failure(OPSIN_E_ARGUMENT, "\(name)[\(index)]: struct_size differs from that of \(name)[0], \(size)")
        }
        values.append(try unsafe read(at: place, "\(name)[\(index)]"))
    }
    return values
}

/// Fills the caller's struct: as much of `value` as fits, the rest of what the caller has is zero, its `struct_size` stays.
func write<Struct: VersionedStruct>(_ value: Struct, to pointer: UnsafeMutablePointer<Struct>?, _ name: String) throws(Failure) {
    guard let pointer = unsafe pointer else { throw .null(name) }
    let place = UnsafeMutableRawPointer(pointer)
    let size = try unsafe callersSize(UnsafeRawPointer(place), Struct.self, name)
    var value = value
    value.struct_size = UInt32(truncatingIfNeeded: size)
    unsafe withUnsafeBytes(of: &value) { bytes in
        unsafe place.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(place), byteCount: min(size, bytes.count))
    }
    let known = MemoryLayout<Struct>.size
    if size > known { unsafe (place + known).initializeMemory(as: UInt8.self, repeating: 0, count: size - known) }
}
