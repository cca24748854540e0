import Glibc
import OpsinModels

/// Starts the worker, watches it, and says which input it was reading when it ended badly.
struct Supervisor {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() -> Int32 {
        let state = "/tmp/opsin-fuzz-\(getpid()).state"
        defer { unsafe _ = unlink(state) }
        var arguments = ["/proc/self/exe", "--worker", state, "--seconds", String(options.seconds), "--seed", String(options.seed)]
        if let target = options.target { arguments += ["--target", target] }
        guard let child = spawn(arguments) else {
            Fuzz.complain("the worker does not start")
            return 1
        }
        // The worker limits its own processor time; this is for one that waits for something that never comes.
        let deadline = 4 * options.seconds + 120
        var status: Int32 = 0
        for _ in 0..<deadline * 20 {
            if unsafe waitpid(child, &status, WNOHANG) == child { return verdict(status, state) }
            usleep(50_000)
        }
        kill(child, SIGKILL)
        unsafe _ = waitpid(child, &status, 0)
        Fuzz.complain("hung: \(repetition(state))")
        return 1
    }

    private func verdict(_ status: Int32, _ state: String) -> Int32 {
        let signal = status & 0x7F, code = (status >> 8) & 0xFF
        if signal == 0 && code == 0 { return 0 }
        if signal != 0 {
            let why = signal == SIGPROF ? "took more than \(Worker.secondsPerInput) s of processor time" : "ended the process by signal \(signal)"
            Fuzz.complain("an input \(why); again with: \(repetition(state))")
        } else if code != 1 {
            Fuzz.complain("the process ended with \(code); again with: \(repetition(state))")
        }
        return 1
    }

    private func repetition(_ state: String) -> String {
        let noted = (try? File.contents(state, limit: 200)) ?? []
        let input = String(decoding: noted.prefix { $0 > 32 }, as: UTF8.self)
        return "OpsinFuzz --repeat \(input) [--save FILE]"
    }

    private func spawn(_ arguments: [String]) -> pid_t? {
        var child: pid_t = 0
        let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { text in unsafe free(text) } }
        return unsafe posix_spawn(&child, "/proc/self/exe", nil, nil, argv, environ) == 0 ? child : nil
    }
}
