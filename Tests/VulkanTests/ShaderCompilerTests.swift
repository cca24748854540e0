import OpsinVulkan
import ShaderCompiler
import Testing

@Suite struct ShaderCompilerTests {
    private static let started: Void = Glslang.start()

    /// Compiles `a.comp` of these files.
    private func compile(_ files: [String: String]) throws(ShaderErrors) -> CompiledShader {
        Self.started
        return try CompiledShader(file: "a.comp", includeFolder: "include") { path throws(ShaderErrors) in
            guard let text = files[path] else { throw ShaderErrors(path, 0, "No such file or directory") }
            return text
        }
    }

    private func errors(_ files: [String: String]) -> [String] {
        do throws(ShaderErrors) {
            _ = try compile(files)
            return []
        } catch {
            return error.list.map(\.description)
        }
    }

    private let head = "#version 450\n#extension GL_GOOGLE_include_directive : require\n"

    @Test func compilesEveryCombinationOfAxes() throws {
        let shader = try compile([
            "a.comp": head + """
                //! axis STORAGE f32 f16
                //! axis TILE 4x1 4x2
                //! const 0 LOCAL 64
                //! const 1 SCALE 0.5
                layout(local_size_x_id = 0) in;
                layout(constant_id = 1) const float SCALE = 1.0;
                layout(std430, binding = 0) readonly buffer X { float x[]; };
                layout(std430, binding = 1) buffer Y { float y[]; };
                layout(std430, binding = 2) writeonly buffer Z { float z[]; };
                layout(push_constant) uniform Push { uint COUNT; int SHIFT; float BIAS; };
                #ifdef STORAGE_F16
                #define FACTOR 2.0
                #else
                #define FACTOR 1.0
                #endif
                void main() { y[0] += x[SHIFT] * SCALE * FACTOR * TILE_W + BIAS; z[COUNT] = TILE_H; }
                """
        ])
        #expect(shader.variants.map(\.values) == [["f32", "4x1"], ["f32", "4x2"], ["f16", "4x1"], ["f16", "4x2"]])
        #expect(Set(shader.variants.map(\.words)).count == 4)
        let reflection = shader.variants[0].reflection
        #expect(reflection.bindings == [.read, .readWrite, .write])
        #expect(reflection.push.map(\.name) == ["COUNT", "SHIFT", "BIAS"])
        #expect(reflection.push.map(\.type) == [.uint32, .int32, .float])
        #expect(reflection.constants[1] == Reflection.Member(name: "SCALE", type: .float))
        #expect(reflection.constants[0]?.type == .uint32)
        var writer = SwiftWriter([shader])
        let swift = try writer.write()
        for line in [
            "package struct AShader: Shader {", "package enum Tile: Int, CaseIterable, Sendable {", "    case `w4h1`, `w4h2`",
            "package init(storage: Storage, tile: Tile, local: UInt32 = 64, scale: Float = 0.5, count: UInt32, shift: Int32, bias: Float) {",
            "package var constants: [UInt32] { [local, scale.bitPattern] }",
            "package var push: [UInt32] { [count, UInt32(bitPattern: shift), bias.bitPattern] }",
        ] { #expect(swift.contains(line), "\(line)") }
    }

    @Test func anErrorNamesFileAndLine() {
        let include = "float twice(float x) {\n    return x * two;\n}\n"
        let main = head + "#include \"twice.glsl\"\nlayout(binding = 0) buffer X { float x[]; };\nvoid main() {\n    x[0] = twice(x[0]) + missing;\n}\n"
        #expect(errors(["a.comp": main, "include/twice.glsl": include]) == ["include/twice.glsl:2: error: 'two' : undeclared identifier"])
        let fixed = include.replacing("two;", with: "2.0;")
        #expect(errors(["a.comp": main, "include/twice.glsl": fixed]) == ["a.comp:6: error: 'missing' : undeclared identifier"])
        #expect(errors(["a.comp": main]) == ["a.comp:3: error: \"twice.glsl\" cannot be read from include: No such file or directory"])
        #expect(errors([:]) == ["a.comp: error: No such file or directory"])
    }

    @Test func includesPasteOnce() throws {
        let include = "#include \"b.glsl\"\nfloat one() { return 1.0; }\n"
        let main = head + "#include \"a.glsl\"\n#include \"a.glsl\"\nlayout(binding = 0) buffer X { float x[]; };\nvoid main() { x[0] = one(); }\n"
        #expect(try compile(["a.comp": main, "include/a.glsl": include, "include/b.glsl": "#include \"a.glsl\"\n"]).variants.count == 1)
    }

    @Test(arguments: [
        ("//! axes TILE 1", "expected `//! axis`, `//! const` or `//! shared`"), ("//! axis TILE", "expected `//! axis NAME value...`"),
        ("//! axis TILE 1 1", "axis TILE names a value twice"), ("//! axis tile 1", "expected `//! axis NAME value...`"),
        ("//! axis TILE 1x2x3", "axis value `1x2x3` is neither a word, a number nor WxH"), ("//! const 1 LOCAL", "constant LOCAL has id 1, expected 0"),
        ("//! const x LOCAL", "expected `//! const ID NAME [default]`"), ("//! const 0 LOCAL 1 2", "expected `//! const ID NAME [default]`"),
    ])
    func aBadLineIsNamed(_ line: String, _ message: String) {
        #expect(errors(["a.comp": head + line + "\nvoid main() {}\n"]) == ["a.comp:3: error: \(message)"])
    }

    @Test func shaderAndDeclarationMustAgree() {
        let use = "layout(binding = 0) buffer X { uint x[]; };\nvoid main() { x[0] = COUNT; }\n"
        let constant = "layout(constant_id = 0) const uint COUNT = 1;\n"
        #expect(errors(["a.comp": head + constant + use]) == ["a.comp: error: constant_id 0 (COUNT) has no `//! const` line"])
        #expect(errors(["a.comp": head + "//! const 0 SIZE\n" + constant + use]) == ["a.comp:3: error: constant 0 is SIZE here and COUNT in the shader"])
        let gap = use.replacing("binding = 0", with: "binding = 1")
        #expect(errors(["a.comp": head + "//! const 0 COUNT\n" + constant + gap]) == ["a.comp: error: bindings must be 0 to 0, 0 is missing"])
        let wide = "layout(push_constant) uniform P { vec4 COUNT; };\nlayout(binding = 0) buffer X { vec4 x[]; };\nvoid main() { x[0] = COUNT; }\n"
        #expect(errors(["a.comp": head + wide]) == ["a.comp: error: push constants must be 32-bit scalars, without gaps"])
    }

    @Test func sharedAxesHaveOneListOfValues() {
        let main = head + "#include \"s.glsl\"\n//! axis STORAGE f32\nvoid main() {}\n"
        #expect(
            errors(["a.comp": main, "include/s.glsl": "//! shared STORAGE f32 f16\n"]) == ["a.comp:4: error: axis STORAGE is shared and has the values f32 f16"]
        )
    }

    /// RFC 4648, section 10: `foob` and `foobarba`.
    @Test func base64IsTheStandards() {
        #expect(base64([]).isEmpty)
        #expect(base64([0x626f_6f66]) == "Zm9vYg==")
        #expect(base64([0x626f_6f66, 0x6162_7261]) == "Zm9vYmFyYmE=")
    }

    @Test func generatedModulesDecodeToWhatTheirHashSays() {
        for spirv in Shaders.all {
            #expect(spirv.words.first == 0x0723_0203)
            #expect(spirv.words[1] == 0x0001_0300, "SPIR-V 1.3")
            #expect(FNV1a(spirv.words).value == spirv.hash, "\(spirv.name)")
        }
        #expect(!Shaders.all.isEmpty)
        #expect(Set(Shaders.all.map(\.name)).count == Shaders.all.count)
    }
}

@Suite struct SPIRVValidationTests {
    static let isThere = run("command -v spirv-val")?.status == 0

    @Test(.enabled(if: isThere, "spirv-val is not installed (Debian: spirv-tools)"))
    func everyVariantIsValid() throws {
        let folder = temporaryFolder()
        for (index, spirv) in Shaders.all.enumerated() {
            let path = "\(folder)/\(index).spv"
            overwrite(path, with: spirv.words.flatMap { word in [0, 8, 16, 24].map { (shift: UInt32) in UInt8(truncatingIfNeeded: word >> shift) } })
            let result = try #require(run("spirv-val --target-env vulkan1.1 \(path)"))
            #expect(result.status == 0, "\(spirv.name): \(result.output)")
        }
    }
}
