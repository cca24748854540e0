import Glibc

/// A new folder under /tmp.
func temporaryFolder() -> String {
    var name = Array("/tmp/opsin-vulkan-XXXXXX".utf8CString)
    return unsafe mkdtemp(&name).map { unsafe String(cString: $0) } ?? "/tmp"
}

/// Replaces a file's bytes.
func overwrite(_ path: String, with bytes: [UInt8]) {
    guard let file = unsafe fopen(path, "wb") else { return }
    unsafe _ = fwrite(bytes, 1, bytes.count, file)
    unsafe _ = fclose(file)
}

func erf(_ x: Double) -> Double { Glibc.erf(x) }
func exp(_ x: Double) -> Double { Glibc.exp(x) }
func tanh(_ x: Double) -> Double { Glibc.tanh(x) }

/// The exit status and output of a program, or nil when it is not installed.
func run(_ command: String) -> (status: Int32, output: String)? {
    guard let pipe = unsafe popen(command + " 2>&1", "r") else { return nil }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = unsafe fread(&chunk, 1, chunk.count, pipe)
        output += chunk.prefix(count)
        if count == 0 { break }
    }
    let status = unsafe pclose(pipe)
    return (status >> 8 & 0xff, String(decoding: output, as: UTF8.self))
}
