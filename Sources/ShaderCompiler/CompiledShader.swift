/// A shader with all of its variants compiled and described: what the generated Swift type is written from.
package struct CompiledShader: Sendable {
    package struct Variant: Sendable {
        /// One value per axis.
        package let values: [String]
        /// Without debug instructions.
        package let words: [UInt32]
        package let reflection: Reflection
    }

    package let name: String
    package let file: String
    package let summary: String
    package let declaration: Declaration
    package private(set) var variants: [Variant] = []

    /// Compiles every variant. `read` gives the text of a path.
    package init(file: String, includeFolder: String, read: (String) throws(ShaderErrors) -> String) throws(ShaderErrors) {
        let source = try ShaderSource(file: file, includeFolder: includeFolder, read: read)
        let declaration = try Declaration(source)
        (name, self.file, summary, self.declaration) = (source.name, file, source.summary, declaration)
        for values in declaration.variants {
            var words = try Glslang.compile(source, preamble: declaration.preamble(values))
            do {
                // glslang 12 has the NV form of cooperative matrices only.
                if values.contains(where: { $0 == "khr" || $0.hasSuffix("_khr") }) { words = try CooperativeMatrixKHR.rewritten(words) }
                let reflection = try Reflection(words)
                try check(reflection)
                variants.append(Variant(values: values, words: Module.stripped(words), reflection: reflection))
            } catch let error as ReflectionError {
                throw ShaderErrors(file, 0, error.message)
            } catch let error as ShaderErrors {
                throw error
            } catch {
                throw ShaderErrors(file, 0, "\(error)")
            }
        }
    }

    /// The first variant's push constants and constants stand for all: `check` has compared them.
    package var push: [Reflection.Member] { variants.first?.reflection.push ?? [] }

    /// The Swift type of constant `id`: as the shader declares it, `UInt32` where a variant does not use it.
    package func type(ofConstant id: Int) -> Reflection.Scalar {
        variants.lazy.compactMap { $0.reflection.constants[UInt32(id)]?.type }.first ?? .uint32
    }

    /// Ids and names must be those of the `//! const` lines; push constants the same in every variant.
    private func check(_ reflection: Reflection) throws(ShaderErrors) {
        for (id, member) in reflection.constants.sorted(by: { $0.key < $1.key }) {
            guard Int(id) < declaration.constants.count else { throw ShaderErrors(file, 0, "constant_id \(id) (\(member.name)) has no `//! const` line") }
            let constant = declaration.constants[Int(id)]
            guard member.name.isEmpty || member.name == constant.name else {
                throw ShaderErrors(file, constant.line, "constant \(id) is \(constant.name) here and \(member.name) in the shader")
            }
        }
        guard variants.isEmpty || reflection.push == push else { throw ShaderErrors(file, 0, "push constants differ between variants") }
    }
}
