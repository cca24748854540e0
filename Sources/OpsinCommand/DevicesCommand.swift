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
            Terminal.line("\(device.isChosen ? "*" : " ") \(device.id.column(10)) \(device.name)")
            if let gpu = device.gpu {
                Terminal.line("             \(gpu.type), Vulkan \(gpu.apiVersion), \(device.driver)")
                Terminal.line("             \(fixed(Double(device.memoryBytes) / 1_073_741_824, 1)) GiB; \(device.features.joined(separator: ", "))")
            } else {
                Terminal.line("             \(device.cores) cores, \(device.defaultThreads) threads by default; \(device.features.joined(separator: ", "))")
            }
            Terminal.line("             \(device.reason)")
            for other in device.otherDrivers { Terminal.line("             also \(other.id), the same GPU under \(other.driver), left out: \(other.reason)") }
        }
    }
}
