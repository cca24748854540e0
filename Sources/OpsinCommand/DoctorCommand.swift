internal import ArgumentParser
internal import Opsin

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What stands between this machine and a model that runs, and what to do about it.",
        discussion: "Exit 0 when models can run on some device, 3 when they cannot.")

    @Flag(help: "One JSON object.")
    var json = false

    mutating func run() throws {
        let doctor = Doctor()
        if json { Terminal.line(doctor.jsonText) } else { print(doctor) }
        guard doctor.canRun else { throw InputsFailed(code: 3) }
    }

    private func print(_ doctor: Doctor) {
        var topic = ""
        for finding in doctor.findings {
            let mark = paint(finding.status)
            Terminal.line("\((finding.topic == topic ? "" : finding.topic).column(12)) \(mark)  \(finding.text.printable)")
            if !finding.advice.isEmpty { Terminal.line("\("".column(12))          -> \(finding.advice.printable)") }
            topic = finding.topic
        }
        let problems = doctor.findings.count { $0.status == .problem }
        let verdict = doctor.canRun ? "Models can run here" : "No model can run here"
        Terminal.line("\n\(verdict)\(problems == 0 ? "." : "; \(problems) problem\(problems == 1 ? "" : "s") above.")")
    }

    private func paint(_ status: Doctor.Status) -> String {
        let text = (status == .ok ? "OK" : status.rawValue).column(7)
        guard Terminal.usesColor else { return text }
        let color =
            switch status {
            case .ok: "32";
            case .note: "33";
            case .problem: "31"
            }
        return "\u{1B}[\(color)m\(text)\u{1B}[0m"
    }
}
