/// Writes the Swift types of all shaders.
///
/// For `hard_swish.comp` with `//! axis STORAGE f32 f16` and `//! const 1 QUADS` that is `HardSwishShader(storage: .f32, quads: n)`, whose `spirv` is the
/// module of that variant and whose `constants` are its specialization data.
package struct SwiftWriter {
    private let shaders: [CompiledShader]
    private var out = ""

    package init(_ shaders: [CompiledShader]) { self.shaders = shaders }

    /// The whole file.
    package mutating func write() throws(ShaderErrors) -> String {
        out = "// Made by ShaderCompiler from Shaders/*.comp; a build makes it again.\n"
        for axis in try sharedAxes() { enumeration(axis, indent: "") }
        for shader in shaders { type(shader) }
        let modules = shaders.map { "\($0.typeName).variants" }.joined(separator: " + ")
        out +=
            "\n/// Every module of this build, for tests.\npackage enum Shaders {\n    package static var all: [SPIRV] { \(modules.isEmpty ? "[]" : modules) }\n"
        let hash = shaders.flatMap(\.variants).reduce(into: FNV1a()) { $0.add($1.words) }.value
        out +=
            "    /// Of all words of all modules: another set of shaders has another pipeline cache.\n    package static let hash: UInt64 = \(hex(hash))\n}\n"
        return out
    }

    /// Axes of include files, each once; an error where two files give one name other values.
    private func sharedAxes() throws(ShaderErrors) -> [Axis] {
        var list: [Axis] = []
        for shader in shaders {
            for axis in shader.declaration.shared where !list.contains(axis) {
                guard !list.contains(where: { $0.name == axis.name }) else {
                    throw ShaderErrors(shader.file, 0, "shared axis \(axis.name) has two lists of values")
                }
                list.append(axis)
            }
        }
        return list.sorted { $0.name < $1.name }
    }

    private mutating func enumeration(_ axis: Axis, indent: String) {
        let numbers = axis.values.map { Axis.numbers($0) ?? [] }
        out += "\n\(indent)/// The axis `\(axis.name)` of the shaders that have it.\n"
        out += "\(indent)package enum \(axis.name.typeCased): Int, CaseIterable, Sendable {\n"
        out += "\(indent)    case \(axis.values.map { "`\(Axis.caseName($0))`" }.joined(separator: ", "))\n"
        for (count, names) in [(1, ["value"]), (2, ["w", "h"])] where numbers.allSatisfy({ $0.count == count }) {
            for (position, name) in names.enumerated() {
                out += "\n\(indent)    package var \(name): UInt32 {\n\(indent)        switch self {\n"
                for (value, number) in zip(axis.values, numbers) {
                    out += "\(indent)        case .`\(Axis.caseName(value))`: \(number[position])\n"
                }
                out += "\(indent)        }\n\(indent)    }\n"
            }
        }
        out += "\(indent)}\n"
    }

    private mutating func type(_ shader: CompiledShader) {
        let fields = shader.fields
        out += "\n/// \(shader.summary) (`\(shader.name).comp`)\npackage struct \(shader.typeName): Shader {"
        let own = shader.declaration.axes.filter { axis in !shader.declaration.shared.contains(axis) }
        for axis in own { enumeration(axis, indent: "    ") }
        out += fields.isEmpty ? "\n" : "\n" + fields.map { "    package var \($0.name): \($0.type)\n" }.joined() + "\n"
        let parameters = fields.map { "\($0.name): \($0.type)" + ($0.defaultValue.map { " = \($0)" } ?? "") }.joined(separator: ", ")
        out += "    package init(\(parameters)) {\n" + fields.map { "        self.\($0.name) = \($0.name)\n" }.joined() + "    }\n\n"
        let index = shader.declaration.axes.reduce("0") { "(\($0)) * \($1.values.count) + \($1.name.camelCased).rawValue" }
        out += "    package var spirv: SPIRV { Self.variants[\(index)] }\n"
        out += "    package var constants: [UInt32] { [\(shader.constantFields.map(\.bits).joined(separator: ", "))] }\n"
        out += "    package var push: [UInt32] { [\(shader.pushFields.map(\.bits).joined(separator: ", "))] }\n\n"
        out += "    package static let variants: [SPIRV] = [\n"
        for variant in shader.variants { module(variant, of: shader) }
        out += "    ]\n}\n"
    }

    private mutating func module(_ variant: CompiledShader.Variant, of shader: CompiledShader) {
        let values = zip(shader.declaration.axes, variant.values).map { " \($0.name.lowercased())=\($1)" }.joined()
        let access = variant.reflection.bindings.map { ".\($0.rawValue)" }.joined(separator: ", ")
        let capabilities = variant.reflection.capabilities.map(String.init).joined(separator: ", ")
        out += "        SPIRV(\n            name: \"\(shader.name)\(values)\", hash: \(hex(FNV1a(variant.words).value)), access: [\(access)],\n"
        out += "            constantCount: \(shader.declaration.constants.count), pushCount: \(shader.push.count), capabilities: [\(capabilities)],\n"
        out += "            threads: \"\(variant.reflection.threads)\", sharedBytes: \"\(variant.reflection.sharedBytes)\",\n"
        out += "            base64: \"\(base64(variant.words))\"),\n"
    }

    private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

/// One stored property of a generated type.
struct Field {
    let name: String
    let type: String
    let defaultValue: String?
    /// The expression that gives its 32 bits.
    let bits: String

    init(name: String, scalar: Reflection.Scalar, defaultValue: String?) {
        (self.name, type, self.defaultValue) = (name, scalar.rawValue, defaultValue)
        bits =
            switch scalar {
            case .uint32: name
            case .int32: "UInt32(bitPattern: \(name))"
            case .float: "\(name).bitPattern"
            case .bool: "\(name) ? 1 : 0"
            }
    }

    init(_ axis: Axis) { (name, type, defaultValue, bits) = (axis.name.camelCased, axis.name.typeCased, nil, "") }
}

extension CompiledShader {
    var typeName: String { name.typeCased + "Shader" }
    var fields: [Field] { declaration.axes.map(Field.init) + constantFields + pushFields }
    var pushFields: [Field] { push.map { Field(name: $0.name.camelCased, scalar: $0.type, defaultValue: nil) } }

    var constantFields: [Field] {
        declaration.constants.enumerated().map { id, constant in
            Field(name: constant.name.camelCased, scalar: type(ofConstant: id), defaultValue: constant.defaultText)
        }
    }
}
