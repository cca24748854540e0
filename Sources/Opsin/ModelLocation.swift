internal import CPlatform
internal import Glibc

/// Where the models that ship with Opsin are looked for.
enum ModelLocation {
    /// The folder of the default model `name`.
    ///
    /// In order: `$OPSIN_MODELS/name`; beside the library or program (`models/`, `../share/opsin/models/`); `Models/` of the source tree it was built in.
    static func find(_ name: String) throws(OpsinError) -> String {
        var tried: [String] = []
        for folder in candidates() {
            let path = folder + "/" + name
            if unsafe access(path + "/config.json", R_OK) == 0 { return path }
            tried.append(folder)
        }
        throw OpsinError(.notFound, "no model \(name) in \(tried.joined(separator: ", ")) (set OPSIN_MODELS to the folder that holds it)")
    }

    private static func candidates() -> [String] {
        if let chosen = environment("OPSIN_MODELS") { return [chosen] }
        guard let home = folderOfThisLibrary() else { return ["Models"] }
        var folders = [home + "/models", home + "/../share/opsin/models"]
        // A build folder lies inside its source tree: .build/x86_64-unknown-linux-gnu/release.
        var folder = home
        for _ in 0..<5 {
            folders.append(folder + "/Models")
            guard let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else { break }
            folder = String(folder[..<slash])
        }
        return folders
    }

    /// The folder of the shared library or program that this code was linked into, links resolved.
    private static func folderOfThisLibrary() -> String? {
        var path = [CChar](repeating: 0, count: 4096)
        let length = unsafe opsin_own_path(&path, path.count)
        let text = String(decoding: path.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.lastIndex(of: "/").map { String(text[..<$0]) }
    }
}

/// The value of an environment variable; nil when it is not set or empty.
package func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
}
