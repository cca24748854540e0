internal import CInflate

/// A `.tar` or `.tar.gz`, read once from front to back; only the files that somebody wants are kept, in memory.
struct TarArchive: ~Copyable {
    /// Most bytes that are kept, and most that are read.
    private static let keptLimit = 8 << 30, readLimit = 64 << 30

    /// What was kept, by the path inside of the archive.
    let files: [String: [UInt8]]

    /// Reads the archive at `path` and keeps the files that `isWanted`.
    init(path: String, isWanted: (String) -> Bool) throws(ModelError) {
        guard File.kind(path) == .file, let stream = unsafe path.withCString({ unsafe opsin_gzip_open($0) }) else {
            throw ModelError(.file, file: path, "cannot be opened")
        }
        defer { unsafe opsin_gzip_close(stream) }
        var reader = unsafe TarReader(path: path, limit: Self.readLimit) { unsafe opsin_gzip_read(stream, $0, $1) }
        var files: [String: [UInt8]] = [:]
        var kept = 0
        while let entry = try reader.next() {
            guard entry.isFile, isWanted(entry.name) else {
                try reader.skip(entry.padded)
                continue
            }
            kept += entry.byteCount
            guard kept <= Self.keptLimit else { throw ModelError(.unsupported, file: path, "holds more than \(Self.keptLimit >> 30) GB of checkpoints") }
            files[entry.name] = try reader.contents(of: entry)
        }
        self.files = files
    }
}

/// The headers and contents of a tar stream.
@safe private struct TarReader {
    struct Entry {
        let name: String
        let byteCount: Int
        let isFile: Bool
        /// Bytes in the stream: whole blocks of 512.
        var padded: Int { (byteCount + 511) / 512 * 512 }
    }

    let path: String
    /// Bytes that may still be read.
    private var rest: Int
    private let read: (UnsafeMutableRawPointer, Int) -> Int
    private var chunk = [UInt8](repeating: 0, count: 1 << 20)

    init(path: String, limit: Int, read: @escaping (UnsafeMutableRawPointer, Int) -> Int) {
        unsafe (self.path, rest, self.read) = (path, limit, read)
    }

    /// The next header; nil at the end.
    mutating func next() throws(ModelError) -> Entry? {
        var longName: String?
        while true {
            var header: [UInt8] = []
            guard try take(512, into: &header, mayEnd: true), header.contains(where: { $0 != 0 }) else { return nil }
            let stored = Self.octal(header[148..<156])
            let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(header[$1])) }
            guard stored == sum else { throw ModelError(.format, file: path, "is no tar archive, or damaged (a header does not have its checksum)") }
            guard let count = Self.octal(header[124..<136]) else { throw ModelError(.format, file: path, "a header of the archive names no size") }
            let kind = header[156], isUStar = header[257..<262].elementsEqual("ustar".utf8)
            var name = Self.text(header[0..<100])
            if isUStar, header[345] != 0 { name = Self.text(header[345..<500]) + "/" + name }
            let entry = Entry(name: longName ?? name, byteCount: count, isFile: kind == 0 || kind == UInt8(ascii: "0"))
            // GNU's long names stand in an entry of their own, before the file.
            guard kind == UInt8(ascii: "L") else { return entry }
            guard count <= 4096 else { throw ModelError(.format, file: path, "a name in the archive has \(count) bytes") }
            longName = Self.text(try contents(of: entry)[...])
        }
    }

    mutating func contents(of entry: Entry) throws(ModelError) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try take(entry.byteCount, into: &bytes)
        try skip(entry.padded - entry.byteCount)
        return bytes
    }

    mutating func skip(_ count: Int) throws(ModelError) {
        var left = count
        while left > 0 {
            let part = min(left, chunk.count)
            guard try fill(part) == part else { throw cutShort }
            left -= part
        }
    }

    /// Appends `count` bytes in pieces, so that a header that lies about them costs no memory. False when the stream ends before the first and it may.
    private mutating func take(_ count: Int, into bytes: inout [UInt8], mayEnd: Bool = false) throws(ModelError) -> Bool {
        var left = count
        while left > 0 {
            let part = min(left, chunk.count), got = try fill(part)
            if got == 0, mayEnd, left == count { return false }
            guard got == part else { throw cutShort }
            bytes += chunk[..<part]
            left -= part
        }
        return true
    }

    /// Reads up to `count` bytes, at most a chunk, to the front of `chunk`.
    private mutating func fill(_ count: Int) throws(ModelError) -> Int {
        guard count <= rest else { throw ModelError(.unsupported, file: path, "is larger than any checkpoint when it is unpacked") }
        rest -= count
        var filled = 0
        while filled < count {
            let got = unsafe chunk.withUnsafeMutableBytes { buffer in unsafe buffer.baseAddress.map { unsafe read($0 + filled, count - filled) } ?? -1 }
            guard got >= 0 else { throw ModelError(.format, file: path, "is damaged or cut short: it cannot be decompressed") }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    private var cutShort: ModelError { ModelError(.format, file: path, "is cut short: the archive ends inside of a file") }

    /// A number in octal digits, or GNU's binary form for large ones; nil when it is neither, or above 2^48.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first == 0x80 {
            var value = 0
            for byte in field.dropFirst() {
                guard value < 1 << 40 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        var value = 0
        for byte in field where byte != UInt8(ascii: " ") && byte != 0 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte), value < 1 << 45 else { return nil }
            value = value << 3 | Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }
}
