import Glibc

/// The program under test: `$OPSIN`, or `.build/release/opsin` of this checkout. Nothing here builds it.
enum Program {
    static let path = environment("OPSIN") ?? repository + "/.build/release/opsin"

    static let isThere = unsafe access(path, X_OK) == 0

    static let hasTerminal = unsafe access("/usr/bin/script", X_OK) == 0

    /// The checkout that this file lies in.
    static let repository = parent(of: parent(of: parent(of: #filePath)))

    static func parent(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    static func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
}

/// How a run of the program ended.
struct Outcome {
    /// The exit code; nil when a signal ended it.
    let exit: Int32?
    /// The signal that ended it; nil when it came to its own end.
    let signal: Int32?
    let out: String
    let err: String

    var lines: [String] { out.split(separator: "\n").map(String.init) }
    /// The one line of an error, without its end; nil when there is not exactly one line, or when it is longer than the contract allows.
    var complaint: String? {
        guard err.hasPrefix("opsin: "), err.hasSuffix("\n"), err.utf8.count <= 501, err.utf8.filter({ $0 == 10 }).count == 1 else { return nil }
        return String(err.dropFirst(7).dropLast())
    }
}

/// Where the standard output of a run goes.
enum Output {
    case kept
    case file(String)
    /// A pipe that nobody reads any more.
    case closedPipe
}

struct Unrunnable: Error, CustomStringConvertible {
    let description: String
}

/// Runs the program to its end, at most `seconds`; environment variables of Opsin are those of `environment` only.
///
/// - Parameter seesGPUs: false hides every Vulkan driver, so that what is tested is the same on all machines.
func opsin(
    _ arguments: [String], environment: [String: String] = [:], folder: String = Program.repository, output: Output = .kept, seesGPUs: Bool = false,
    program: String = Program.path, seconds: Int = 120
) throws -> Outcome {
    let scratch = try TemporaryFolder()
    let outPath = scratch.path + "/out", errPath = scratch.path + "/err"
    var variables = ["PATH=/usr/bin:/bin", "HOME=\(scratch.path)", "LC_ALL=C.UTF-8"]
    if !seesGPUs { variables += ["VK_DRIVER_FILES=/nonexistent", "VK_ICD_FILENAMES=/nonexistent"] }
    // Tests/ValidationTests looks on.
    for name in ["VK_INSTANCE_LAYERS", "VK_LAYER_SETTINGS_PATH"] where seesGPUs {
        if let value = Program.environment(name) { variables.append("\(name)=\(value)") }
    }
    variables += environment.map { "\($0.key)=\($0.value)" }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var writer: Int32 = -1
    switch output {
    case .kept: unsafe posix_spawn_file_actions_addopen(&actions, 1, outPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    case .file(let path): unsafe posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    case .closedPipe:
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Unrunnable(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        close(ends[0])
        writer = ends[1]
        unsafe posix_spawn_file_actions_adddup2(&actions, writer, 1)
    }
    defer { if writer >= 0 { close(writer) } }

    var child: pid_t = 0
    // The shell only changes the folder: posix_spawn cannot everywhere. It is gone before the program starts.
    let started = unsafe withStrings(["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, program] + arguments) { argv in
        unsafe withStrings(variables) { envp in unsafe posix_spawn(&child, "/bin/sh", &actions, nil, argv, envp) }
    }
    guard started == 0 else { throw Unrunnable(description: "\(program) does not start: \(unsafe String(cString: strerror(started)))") }
    let status = try wait(child, seconds: seconds, arguments)
    let ending = status & 0x7F
    return Outcome(exit: ending == 0 ? (status >> 8) & 0xFF : nil, signal: ending == 0 ? nil : ending, out: text(outPath), err: text(errPath))
}

/// Calls `body` with the strings as C wants them.
private func withStrings<Value>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value) -> Value {
    let copies = unsafe strings.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { copy in unsafe free(copy) } }
    return unsafe body(copies + [nil])
}

private func wait(_ child: pid_t, seconds: Int, _ arguments: [String]) throws -> Int32 {
    var status: Int32 = 0
    for _ in 0..<seconds * 500 {
        let ended = unsafe waitpid(child, &status, WNOHANG)
        if ended == child { return status }
        guard ended == 0 || errno == EINTR else { throw Unrunnable(description: "waitpid: \(errno)") }
        usleep(2000)
    }
    kill(child, SIGKILL)
    unsafe waitpid(child, &status, 0)
    throw Unrunnable(description: "still running after \(seconds) s: opsin \(arguments.joined(separator: " "))")
}

private func text(_ path: String) -> String { String(decoding: (try? bytes(of: path)) ?? [], as: UTF8.self) }
