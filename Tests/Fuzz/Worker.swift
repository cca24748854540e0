import Glibc
import OpsinModels

/// Reads one mutated input after the other; the seed of the next one is on the disk before it is read.
struct Worker {
    static let secondsPerInput = 10
    /// Most memory of the whole process, in KiB: an image of the largest size that is allowed, upright, a few times over.
    private static let largestResident = 2_500_000

    private struct Count {
        var inputs = 0
        var taken = 0
        var slowest = 0.0
    }

    private let options: Options
    private let state: Int32

    init(_ options: Options, state path: String?) {
        self.options = options
        state = path.map { unsafe open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o600) } ?? -1
    }

    func run() -> Int32 {
        let targets = Readers.all().filter { options.target == nil || $0.name == options.target }
        guard !targets.isEmpty, targets.allSatisfy({ !$0.seeds.isEmpty }) else {
            Fuzz.complain("no such target, or none of its files is here (\(Readers.all().map { "\($0.name): \($0.seeds.count)" }.joined(separator: ", ")))")
            return 1
        }
        limitAddressSpace()
        var counts = [Count](repeating: Count(), count: targets.count)
        var numbers = Numbers(state: options.seed)
        let start = now()
        while now() - start < Double(options.seconds) {
            for (index, target) in targets.enumerated() {
                let seed = numbers.next() >> 16
                let before = now()
                guard let isTaken = read(target, seed) else { return 1 }
                counts[index].inputs += 1
                counts[index].taken += isTaken ? 1 : 0
                counts[index].slowest = max(counts[index].slowest, now() - before)
            }
        }
        let parts = zip(targets, counts).map { "\($0.name) \($1.inputs) (\($1.taken) taken, slowest \(Int($1.slowest * 1e3)) ms)" }
        let all = counts.reduce(0) { $0 + $1.inputs }
        print("opsin-fuzz: seed \(options.seed), \(options.seconds) s, \(all) inputs, peak \(resident() / 1024) MiB: \(parts.joined(separator: ", "))")
        return 0
    }

    /// Reads, or writes to `save`, one input.
    func repeatInput(_ name: String, seed: UInt64, save: String?) -> Int32 {
        guard let target = Readers.all().first(where: { $0.name == name }) else {
            Fuzz.complain("no target \(name)")
            return 2
        }
        if let save {
            do { try File.write(target.input(seed), to: save) } catch { Fuzz.complain(error.description) }
            return 0
        }
        guard let isTaken = read(target, seed) else { return 1 }
        print("opsin-fuzz: \(name):\(seed): \(isTaken ? "taken" : "refused"), no fault")
        return 0
    }

    /// Whether the reader took the input; nil, with a line that says why, when something is wrong with the answer.
    private func read(_ target: Target, _ seed: UInt64) -> Bool? {
        note("\(target.name):\(seed)")
        let input = target.input(seed)
        setTimer(seconds: Self.secondsPerInput)
        let (fault, isTaken) = target.check(input)
        setTimer(seconds: 0)
        let memory = resident()
        guard let problem = fault ?? (memory > Self.largestResident ? "\(memory / 1024) MiB of memory" : nil) else { return isTaken }
        Fuzz.complain("\(problem); again with: OpsinFuzz --repeat \(target.name):\(seed) [--save FILE]")
        return nil
    }

    /// What the disk holds outlives this process, whatever ends it.
    private func note(_ text: String) {
        guard state >= 0 else { return }
        let line = Array((text + String(repeating: " ", count: max(60 - text.utf8.count, 1))).utf8)
        unsafe _ = line.withUnsafeBytes { unsafe pwrite(state, $0.baseAddress, $0.count, 0) }
    }

    /// Ends the process by SIGPROF after that much processor time; 0 calls it off. A busy machine does not count.
    private func setTimer(seconds: Int) {
        var timer = itimerval(it_interval: timeval(tv_sec: 0, tv_usec: 0), it_value: timeval(tv_sec: seconds, tv_usec: 0))
        unsafe _ = setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    private func limitAddressSpace() {
        var limit = rlimit(rlim_cur: 16 << 30, rlim_max: 16 << 30)
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }

    /// Most memory that the process has had, in KiB.
    private func resident() -> Int {
        var usage = rusage()
        unsafe _ = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    private func now() -> Double {
        var time = timespec()
        unsafe _ = clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
