// Four tasks, one photo, in Swift: a target that depends on the package's product `Opsin`.
//
//     tasks cat.jpg
//
// Each task stands in a file of its own beside this one.
import Glibc
import Opsin

@main struct Tasks {
    static func main() {
        do {
            try run(CommandLine.arguments.dropFirst().first ?? "cat.jpg")
        } catch {
            print("tasks: \(error)")
            exit(1)
        }
    }

    static func run(_ path: String) throws(OpsinError) {
        let photo = try Image(path: path)
        let runtime = try Runtime()
        // Models and runtimes may be shared between threads; a session takes one call at a time.
        try show("classify") { () throws(OpsinError) in try classify(photo, runtime) }
        try show("detect") { () throws(OpsinError) in try detect(photo, runtime) }
        try show("segment") { () throws(OpsinError) in try segment(photo, runtime) }
        try show("depth") { () throws(OpsinError) in try depth(photo, runtime) }
    }

    /// The name of a task, and a line for each thing it found.
    static func show(_ name: String, _ lines: () throws(OpsinError) -> [String]) throws(OpsinError) {
        print(name)
        for line in try lines() { print("  " + line) }
    }
}
