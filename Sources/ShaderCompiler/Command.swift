import Glibc

/// `ShaderCompiler --output FILE.swift --include FOLDER SHADER.comp...`: run by the build plugin CompileShaders.
@main
struct Command {
    static func main() {
        var (output, include, files) = ("", "", [String]())
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--output": output = arguments.popFirst() ?? ""
            case "--include": include = arguments.popFirst() ?? ""
            default: files.append(argument)
            }
        }
        guard !output.isEmpty, !include.isEmpty else { fail("usage: ShaderCompiler --output FILE.swift --include FOLDER SHADER.comp...") }
        Glslang.start()
        var (shaders, errors) = ([CompiledShader](), [ShaderError]())
        for file in files.sorted() {
            do {
                shaders.append(try CompiledShader(file: file, includeFolder: include, read: Files.read))
            } catch {
                errors += error.list
            }
        }
        guard errors.isEmpty else { fail(ShaderErrors(errors).description) }
        do {
            var writer = SwiftWriter(shaders)
            try Files.write(try writer.write(), to: output)
        } catch {
            fail(error.description)
        }
    }

    private static func fail(_ text: String) -> Never {
        let bytes = Array((text + "\n").utf8)
        unsafe _ = write(2, bytes, bytes.count)
        exit(1)
    }
}
