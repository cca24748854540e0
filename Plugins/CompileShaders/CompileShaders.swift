import Foundation
import PackagePlugin

/// Compiles `Shaders/*.comp` into one generated Swift file of the target that names this plugin.
///
/// SwiftPM runs the command again when a shader, an include, one of the two folders or the compiler is newer than the file. The compiler lists the folder
/// itself, because SwiftPM asks a plugin anew only when the sources of a target come or go.
@main
struct CompileShaders: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = context.package.directoryURL.appending(path: "Shaders")
        let include = folder.appending(path: "include")
        let shaders = try files(in: folder, ending: "comp")
        let output = context.pluginWorkDirectoryURL.appending(path: "Shaders.swift")
        return [
            .buildCommand(
                displayName: "Compile shaders", executable: try context.tool(named: "ShaderCompiler").url,
                arguments: ["--output", output.path, "--shaders", folder.path],
                inputFiles: [folder, include] + shaders + (try files(in: include, ending: "glsl")), outputFiles: [output])
        ]
    }

    private func files(in folder: URL, ending: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == ending }
            .sorted { $0.path < $1.path }
    }
}
