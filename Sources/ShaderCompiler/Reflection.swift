/// What a SPIR-V module says about itself: read at build time, so that Swift and GLSL cannot disagree.
package struct Reflection: Sendable, Equatable {
    /// A 32-bit scalar, as Swift spells it.
    package enum Scalar: String, Sendable { case uint32 = "UInt32", int32 = "Int32", float = "Float", bool = "Bool" }

    package enum Access: String, Sendable { case read, write, readWrite }

    package struct Member: Sendable, Equatable {
        package let name: String
        package let type: Scalar

        package init(name: String, type: Scalar) { (self.name, self.type) = (name, type) }
    }

    /// Type and name (empty where the shader gives none) by constant id.
    package private(set) var constants: [UInt32: Member] = [:]
    /// The push constant block's members, in order of their offsets 0, 4, 8...
    package private(set) var push: [Member] = []
    /// How each storage buffer is used, by binding 0, 1, 2...
    package private(set) var bindings: [Access] = []
    /// SPIR-V capability numbers.
    package private(set) var capabilities: [UInt32] = []
    /// Threads of a workgroup and the bytes that they share, as programs over the constants.
    package private(set) var threads = ""
    package private(set) var sharedBytes = ""

    /// Throws a sentence when the module uses what the device layer does not carry.
    package init(_ words: [UInt32]) throws(ReflectionError) {
        let module = Module(words)
        capabilities = module.capabilities
        for (id, number) in module.specIDs {
            guard let type = module.constantTypes[id].flatMap({ module.scalars[$0] }) else {
                throw ReflectionError("constant \(number) is not a 32-bit scalar")
            }
            constants[number] = Member(name: module.names[id] ?? "", type: type)
        }
        try readPush(module)
        try readBindings(module)
        (threads, sharedBytes) = (try module.threads(), try module.sharedBytes())
    }

    private mutating func readPush(_ module: Module) throws(ReflectionError) {
        guard let variable = module.variables.first(where: { $0.storage == 9 }), let block = module.pointees[variable.type] else { return }
        for (index, type) in (module.structs[block] ?? []).enumerated() {
            let key = MemberKey(block, index)
            guard let scalar = module.scalars[type], module.offsets[key] == UInt32(index * 4) else {
                throw ReflectionError("push constants must be 32-bit scalars, without gaps")
            }
            push.append(Member(name: module.memberNames[key] ?? "", type: scalar))
        }
    }

    private mutating func readBindings(_ module: Module) throws(ReflectionError) {
        var found: [UInt32: Access] = [:]
        for variable in module.variables where variable.storage == 12 || variable.storage == 2 {
            guard let binding = module.bindings[variable.id], module.sets[variable.id, default: 0] == 0 else {
                throw ReflectionError("buffers must have a binding in set 0")
            }
            guard let block = module.pointees[variable.type], let members = module.structs[block] else {
                throw ReflectionError("binding \(binding) is no buffer block")
            }
            let keys = members.indices.map { MemberKey(block, $0) }
            let onlyRead = keys.allSatisfy(module.nonWritable.contains) || module.nonWritableVariables.contains(variable.id)
            let onlyWritten = keys.allSatisfy(module.nonReadable.contains) || module.nonReadableVariables.contains(variable.id)
            let access: Access = onlyRead ? .read : onlyWritten ? .write : .readWrite
            // Two blocks of other element types may view one binding.
            found[binding] = found[binding].map { $0 == access ? access : .readWrite } ?? access
        }
        for number in 0..<UInt32(found.count) {
            guard let access = found[number] else { throw ReflectionError("bindings must be 0 to \(found.count - 1), \(number) is missing") }
            bindings.append(access)
        }
    }
}

/// Why a module cannot be described; the caller knows the file.
package struct ReflectionError: Error, Sendable {
    package let message: String
    package init(_ message: String) { self.message = message }
}
