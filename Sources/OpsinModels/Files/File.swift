private import Glibc
package import OpsinGraph

/// Files and folders by path, through libc.
package enum File {
    /// What stands at a path.
    package enum Kind: Sendable { case file, folder, other }

    /// What stands at `path`, links followed; nil when there is nothing, or nothing that may be looked at.
    package static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard !path.utf8.contains(0), unsafe stat(path, &status) == 0 else { return nil }
        return kind(of: status)
    }

    /// The whole file as a read-only mapping, which lives as long as the storage.
    ///
    /// A file that another program cuts short while it is mapped ends the process with SIGBUS, as with every mapped file: write model files beside and
    /// rename them, as `SafetensorsWriter` does.
    package static func map(_ path: String) throws(ModelError) -> ByteStorage {
        let (descriptor, count) = try openToRead(path)
        defer { close(descriptor) }
        guard count > 0 else { return ByteStorage(copying: []) }
        guard let base = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe base != MAP_FAILED else {
            throw failure(path, "cannot be mapped")
        }
        return unsafe ByteStorage(base: UnsafeRawPointer(base), count: count, setAside: leaveMemory) { base, count in
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
        }
    }

    /// Takes the whole pages of a part of a read-only mapping out of this process; the next to read them finds them in the system's cache or in the file.
    @Sendable private static func leaveMemory(_ base: UnsafeRawPointer, _ count: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE))), start = Int(bitPattern: base), first = (start + page - 1) / page * page
        let last = (start + count) / page * page
        if first < last { unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), last - first, Int32(MADV_DONTNEED)) }
    }

    /// `count` zero bytes that take no memory until they are read: the stand-in for a tensor that a file lacks. Nil when the system has no room for them.
    static func zeros(_ count: Int) -> ByteStorage? {
        guard count > 0, let base = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), unsafe base != MAP_FAILED else {
            return nil
        }
        return unsafe ByteStorage(base: UnsafeRawPointer(base), count: count) { base, count in
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
        }
    }

    /// The bytes of a file of at most `limit` bytes.
    package static func contents(_ path: String, limit: Int) throws(ModelError) -> [UInt8] {
        let (descriptor, count) = try openToRead(path)
        defer { close(descriptor) }
        guard count <= limit else { throw ModelError(.format, file: path, "has \(count) bytes, expected at most \(limit)") }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), count - filled) }
            guard read >= 0 else {
                if errno == EINTR { continue }
                throw failure(path, "cannot be read")
            }
            // Shorter than its status said: somebody is writing it.
            guard read > 0 else { return Array(bytes.prefix(filled)) }
            filled += read
        }
        return bytes
    }

    /// The JSON value in a file of at most 64 MB.
    package static func json(_ path: String) throws(ModelError) -> JSON {
        let bytes = try contents(path, limit: 64_000_000)
        do {
            return try JSON(parsing: bytes.span)
        } catch {
            throw ModelError(.format, file: path, error.description)
        }
    }

    /// Names of what is in a folder, sorted.
    package static func names(inFolder path: String) throws(ModelError) -> [String] {
        guard !path.utf8.contains(0), let folder = unsafe opendir(path) else { throw failure(path, "cannot be opened") }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder and those above it; fine when it is there.
    package static func makeFolder(_ path: String) throws(ModelError) {
        guard kind(path) != .folder else { return }
        let above = folder(of: path)
        if above != path, kind(above) == nil { try makeFolder(above) }
        guard !path.utf8.contains(0), unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure(path, "cannot be made") }
    }

    /// The path with all links resolved; nil when it does not exist.
    package static func resolved(_ path: String) -> String? {
        guard !path.utf8.contains(0), let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(validatingCString: text)
    }

    /// `folder/name`.
    package static func join(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : folder + "/" + name }

    /// The path without its last component; `.` when it has only one.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func openToRead(_ path: String) throws(ModelError) -> (descriptor: Int32, count: Int) {
        guard !path.utf8.contains(0) else { throw ModelError(.file, file: path, "is no path: it holds a zero byte") }
        // O_NONBLOCK: opening a named pipe must not wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, kind(of: status) == .file else {
            close(descriptor)
            throw ModelError(.file, file: path, "is not a regular file")
        }
        return (descriptor, Int(status.st_size))
    }

    private static func kind(of status: stat) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// The error of the system call that just failed.
    static func failure(_ path: String, _ what: String) -> ModelError {
        let code = errno
        guard code != ENOENT else { return ModelError(.file, file: path, "no such file or folder") }
        return ModelError(.file, file: path, "\(what): \(unsafe String(cString: strerror(code)))")
    }
}
