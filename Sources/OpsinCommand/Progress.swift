/// A bar on the error stream while many images are worked on; silent when nobody watches.
struct Progress {
    private let total: Int
    private let isShown: Bool
    private var done = 0

    init(total: Int, quiet: Bool) {
        self.total = total
        // Results that go to the same terminal are progress enough.
        isShown = !quiet && total >= 8 && Terminal.errorIsTerminal && !Terminal.outputIsTerminal
    }

    mutating func step() {
        done += 1
        guard isShown else { return }
        let width = 30, filled = width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        Terminal.note("\r\(bar) \(done)/\(total)" + (done == total ? "\r\(String(repeating: " ", count: width + 24))\r" : ""))
    }
}
