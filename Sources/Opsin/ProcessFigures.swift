private import Glibc
internal import OpsinModels

/// What the system says of this process so far, for reports: whether a start has become slower or larger shows here on a busy machine too.
enum ProcessFigures {
    static var json: JSON { ["peak_bytes": .integer(peakBytes), "page_faults": .integer(pageFaults)] }

    /// The most bytes that were in memory at once, pages of mapped files and of the program included; 0 where the system does not say.
    ///
    /// Of `/proc`, since `getrusage` also counts what the process that started this one had.
    static var peakBytes: Int {
        let file = unsafe open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        let text = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            unsafe count = max(read(file, buffer.baseAddress, buffer.count), 0)
        }
        guard let line = text.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: "VmHWM:".utf8) }) else { return 0 }
        let kilobytes = line.reduce(0) { (sum: Int, byte: UInt8) in (48...57).contains(byte) ? sum &* 10 &+ Int(byte - 48) : sum }
        return kilobytes &* 1024
    }

    /// Pages that had to be found, made or copied.
    private static var pageFaults: Int {
        var usage = rusage()
        return unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? Int(usage.ru_minflt) : 0
    }
}
