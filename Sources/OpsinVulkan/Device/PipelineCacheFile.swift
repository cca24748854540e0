internal import Glibc

/// Compiled pipelines on disk, one file per device, driver and set of shaders. A file that is not exactly what we wrote is ignored.
package struct PipelineCacheFile: Sendable {
    package let path: String
    private let key: [UInt32]

    private static let magic: UInt32 = 0x3143_506f
    /// More than any driver writes; a larger file is not ours.
    private static let maximumBytes = 256 << 20

    /// The file for `device` under `folder`, which need not exist.
    package init(folder: String, device: DeviceInfo, shaders: UInt64, ending: String = "pipelines") {
        let words = device.uuid + device.driverInfo.utf8
        var identity = FNV1a64()
        identity.add(words)
        for value in [UInt64(device.vendorID), UInt64(device.deviceID), UInt64(device.driverVersion), shaders] { identity.add(value) }
        key = [UInt32(truncatingIfNeeded: identity.value), UInt32(truncatingIfNeeded: identity.value >> 32)]
        path = "\(folder)/vulkan-\(device.uuidText)-\(String(identity.value, radix: 16)).\(ending)"
    }

    /// What the driver's cache held at the last `save`; nil where there is none, or `reason` says why it cannot be used.
    package func load() -> (data: [UInt8]?, reason: String?) {
        guard let file = unsafe fopen(path, "rb") else { return (nil, nil) }
        defer { unsafe _ = fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= PipelineCacheFile.maximumBytes {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            bytes += chunk.prefix(count)
            if count < chunk.count { break }
        }
        guard let data = decode(bytes) else { return (nil, "\(path) is damaged or of another driver; it is ignored") }
        return (data, nil)
    }

    /// Writes beside the file and renames, so that no reader ever sees half of it. Returns why it could not.
    package func save(_ data: [UInt8]) -> String? {
        makeFolders()
        let part = "\(path).\(getpid()).part"
        guard let file = unsafe fopen(part, "wb") else { return "\(part) cannot be written" }
        let bytes = encode(data)
        let written = unsafe fwrite(bytes, 1, bytes.count, file)
        let closed = unsafe fclose(file)
        guard written == bytes.count, closed == 0, unsafe rename(part, path) == 0 else {
            unsafe _ = unlink(part)
            return "\(path) cannot be written"
        }
        return nil
    }

    /// `magic, key, byte count, checksum, data`, little-endian words.
    package func encode(_ data: [UInt8]) -> [UInt8] {
        var sum = FNV1a64()
        sum.add(data)
        let header =
            [PipelineCacheFile.magic] + key + [UInt32(truncatingIfNeeded: data.count)] + [sum.value, sum.value >> 32].map { UInt32(truncatingIfNeeded: $0) }
        return header.flatMap { word in [0, 8, 16, 24].map { (shift: UInt32) in UInt8(truncatingIfNeeded: word >> shift) } } + data
    }

    /// The data of an encoded file; nil unless every byte of it is right.
    package func decode(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 24 else { return nil }
        let data = Array(bytes[24...])
        return encode(data) == bytes ? data : nil
    }

    private func makeFolders() {
        for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
            unsafe _ = mkdir(String(path[..<index]), 0o700)
        }
    }
}

/// The 64-bit FNV-1a hash of bytes: finds accidents, not attacks.
struct FNV1a64 {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    mutating func add(_ word: UInt64) {
        add((0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) })
    }
}
