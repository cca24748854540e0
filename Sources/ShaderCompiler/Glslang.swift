import CGlslang

/// GLSL to SPIR-V 1.3 for Vulkan 1.1, through glslang's C interface.
package enum Glslang {
    /// Call once before `compile`.
    package static func start() { glslang_initialize_process() }

    /// Compiles one variant. Errors carry the line of the file that it was written in, not of the pasted text.
    package static func compile(_ source: ShaderSource, preamble: String) throws(ShaderErrors) -> [UInt32] {
        let result = unsafe source.text.withCString { code in
            unsafe preamble.withCString { preamble in unsafe words(code, preamble) }
        }
        switch result {
        case .success(let words): return words
        case .failure(let log): throw errors(log.text, source)
        }
    }

    private struct Log: Error { let text: String }

    private static func words(_ code: UnsafePointer<CChar>, _ preamble: UnsafePointer<CChar>) -> Result<[UInt32], Log> {
        var input = unsafe glslang_input_t()
        unsafe input.language = GLSLANG_SOURCE_GLSL
        unsafe input.stage = GLSLANG_STAGE_COMPUTE
        unsafe input.client = GLSLANG_CLIENT_VULKAN
        unsafe input.client_version = GLSLANG_TARGET_VULKAN_1_1
        unsafe input.target_language = GLSLANG_TARGET_SPV
        unsafe input.target_language_version = GLSLANG_TARGET_SPV_1_3
        unsafe input.code = code
        unsafe input.default_version = 450
        unsafe input.default_profile = GLSLANG_NO_PROFILE
        unsafe input.messages = glslang_messages_t(GLSLANG_MSG_SPV_RULES_BIT.rawValue | GLSLANG_MSG_VULKAN_RULES_BIT.rawValue)
        unsafe input.resource = glslang_default_resource()
        // The shader keeps the address of `input.code`, so all of its life is inside this closure.
        return unsafe withUnsafeMutablePointer(to: &input) { input in unsafe generate(input, preamble) }
    }

    private static func generate(_ input: UnsafeMutablePointer<glslang_input_t>, _ preamble: UnsafePointer<CChar>) -> Result<[UInt32], Log> {
        guard let shader = unsafe glslang_shader_create(input) else { return .failure(Log(text: "glslang made no shader")) }
        defer { unsafe glslang_shader_delete(shader) }
        unsafe glslang_shader_set_preamble(shader, preamble)
        guard unsafe glslang_shader_preprocess(shader, input) != 0, unsafe glslang_shader_parse(shader, input) != 0 else {
            return .failure(Log(text: unsafe text(glslang_shader_get_info_log(shader))))
        }
        guard let program = unsafe glslang_program_create() else { return .failure(Log(text: "glslang made no program")) }
        defer { unsafe glslang_program_delete(program) }
        unsafe glslang_program_add_shader(program, shader)
        guard unsafe glslang_program_link(program, Int32(bitPattern: input.pointee.messages.rawValue)) != 0 else {
            return .failure(Log(text: unsafe text(glslang_program_get_info_log(program))))
        }
        unsafe glslang_program_SPIRV_generate(program, GLSLANG_STAGE_COMPUTE)
        let count = unsafe glslang_program_SPIRV_get_size(program)
        guard count > 5, let pointer = unsafe glslang_program_SPIRV_get_ptr(program) else {
            return .failure(Log(text: unsafe text(glslang_program_SPIRV_get_messages(program))))
        }
        return .success(unsafe Array(UnsafeBufferPointer(start: pointer, count: count)))
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String { unsafe pointer.map { unsafe String(cString: $0) } ?? "" }

    /// glslang writes `ERROR: 0:12: 'x' : undeclared identifier`; each such line becomes an error at its own place.
    private static func errors(_ log: String, _ source: ShaderSource) -> ShaderErrors {
        var list: [ShaderError] = []
        for row in log.split(separator: "\n") where row.hasPrefix("ERROR: ") {
            let parts = row.dropFirst(7).split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let line = Int(parts[1]) else { continue }
            let place = source.place(ofLine: line)
            let message = parts[2].split(separator: " ").joined(separator: " ")
            if message != "'' : compilation terminated" { list.append(ShaderError(place.file, place.line, message)) }
        }
        return list.isEmpty ? ShaderErrors(source.file, 0, log.split(separator: "\n").first.map(String.init) ?? "glslang gave no reason") : ShaderErrors(list)
    }
}
