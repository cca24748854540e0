import Glibc

/// `ShaderCompiler --output FILE.swift --shaders FOLDER`: run by the build plugin CompileShaders.
@main
struct Command {
    static func main() {
        var (output, folder) = ("", "")
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--output": output = arguments.popFirst() ?? ""
            case "--shaders": folder = arguments.popFirst() ?? ""
            default: fail("unknown argument \(argument)")
            }
        }
        guard !output.isEmpty, !folder.isEmpty else { fail("usage: ShaderCompiler --output FILE.swift --shaders FOLDER") }
        do {
            try compile(folder, to: output)
        } catch {
            fail(error.description)
        }
    }

    private static func compile(_ folder: String, to output: String) throws(ShaderErrors) {
        Glslang.start()
        var (shaders, errors) = ([CompiledShader](), [ShaderError]())
        for file in try Files.list(folder, ending: ".comp") {
            do {
                shaders.append(try CompiledShader(file: file, includeFolder: folder + "/include", read: Files.read))
            } catch {
                errors += error.list
            }
        }
        guard errors.isEmpty else { throw ShaderErrors(errors) }
        var writer = SwiftWriter(shaders)
        try Files.write(try writer.write(), to: output)
    }

    private static func fail(_ text: String) -> Never {
        let bytes = Array((text + "\n").utf8)
        unsafe _ = write(2, bytes, bytes.count)
        exit(1)
    }
}
