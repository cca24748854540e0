internal import ArgumentParser
internal import Opsin

struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "devices", abstract: "What models can run on here.")

    @Flag(help: "One JSON array.")
    var json = false

    mutating func run() throws {
        let devices = Device.all()
        guard !json else { return Terminal.line(Device.jsonText(devices)) }
        for device in devices {
            Terminal.line("\(device.kind.rawValue.column(8)) \(device.name)")
            Terminal.line("         \(device.cores) cores, \(device.defaultThreads) threads by default; \(device.features.joined(separator: ", "))")
        }
    }
}
