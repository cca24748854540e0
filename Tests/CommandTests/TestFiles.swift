import Foundation
import OpsinModels
import OracleSupport

/// A folder of its own that goes away with the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("opsin-command-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of `name` in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file of bytes; returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// Writes a file of text; returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    /// Makes a folder in the folder; returns its path.
    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }

    /// Copies a file into the folder; returns its path.
    @discardableResult
    func copy(_ source: String, to name: String) throws -> String { try write(bytes(of: source), to: name) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// All bytes of a file.
func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// Files of the checkout.
enum Files {
    static let cat = Program.repository + "/Examples/images/cat.jpg"
    static let rocket = Program.repository + "/Examples/images/rocket.jpg"
    /// A folder of photos.
    static let photos = Program.repository + "/Examples/images"
    static let models = Program.repository + "/Models"
    static let model = models + "/mobilenet_v2_1.0_224"
    static let depthModel = models + "/tcmonodepth_small"
    static let images = Program.repository + "/Tests/VisionTests/Resources"
}

/// Cases of the oracle as model folders on the disk, written once for all tests of a process.
enum OracleFolders {
    static let convSmall = Result { try written("mobilenetv4_conv_small") }
    static let transformers = Result { try written("mobilenet_v2_hf") }
    private static let folder = Result { try TemporaryFolder() }

    private static func written(_ name: String) throws -> (case: OracleCase, path: String) {
        let oracle = try OracleCase(name)
        let path = try folder.get().file(name)
        try oracle.write(to: path)
        return (oracle, path)
    }
}

/// The JSON objects of an output, one a line.
func objects(_ outcome: Outcome) throws -> [JSON] { try outcome.lines.map { try JSON(parsing: $0) } }

/// The one JSON value of an output.
func object(_ outcome: Outcome) throws -> JSON { try JSON(parsing: outcome.out) }

extension JSON {
    /// Names of the members, in their order; empty when this is no object.
    var names: [String] { members?.map(\.name) ?? [] }
}
