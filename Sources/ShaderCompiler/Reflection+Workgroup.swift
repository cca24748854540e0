/// How many threads and bytes of shared memory a workgroup takes, as programs over the specialization constants: what a device's limits are held against.
///
/// Programs are in reverse Polish notation, as `SizeProgram` of the Vulkan backend reads them: `c0 16 * 64 +` is 16 times constant 0 and 64 more.
extension Module {
    /// Threads of a workgroup.
    func threads() throws(ReflectionError) -> String {
        guard let groupSize else { return product(localSize.map { "\($0)" }) }
        guard case .composite(let sides) = values[groupSize] else { throw ReflectionError("the size of a workgroup is no vector of constants") }
        return product(try sides.map { (side) throws(ReflectionError) in try program(side) })
    }

    /// Bytes that a workgroup shares; empty where there are none.
    func sharedBytes() throws(ReflectionError) -> String {
        var sum = ""
        for variable in variables where variable.storage == 4 {
            guard let type = pointees[variable.type] else { throw ReflectionError("a shared variable has no type") }
            let bytes = try bytes(of: type)
            sum = sum.isEmpty ? bytes : "\(sum) \(bytes) +"
        }
        return sum
    }

    private func bytes(of type: UInt32) throws(ReflectionError) -> String {
        switch sizes[type] {
        case .bytes(let count): return "\(count)"
        case .array(let element, let count): return try product([bytes(of: element), program(count)])
        case nil: throw ReflectionError("a shared variable is neither a number, nor a vector, nor an array of those")
        }
    }

    private func product(_ factors: [String]) -> String {
        let counted = factors.filter { $0 != "1" }
        return counted.dropFirst().reduce(counted.first ?? "1") { "\($0) \($1) *" }
    }

    /// What gives the constant `id`.
    private func program(_ id: UInt32) throws(ReflectionError) -> String {
        switch values[id] {
        case .number(let number): return "\(number)"
        case .special(let number): return "c\(number)"
        case .operation(let code, let operands):
            guard let sign = Module.signs[code] else {
                throw ReflectionError("the size of a workgroup or of its memory takes operation \(code), which is unknown")
            }
            return try operands.map { (operand) throws(ReflectionError) in try program(operand) }.joined(separator: " ") + " \(sign)"
        case .composite, nil: throw ReflectionError("a size of a workgroup or of its memory is no number")
        }
    }

    /// Operations by their SPIR-V opcode.
    private static let signs: [UInt32: String] = [
        128: "+", 130: "-", 132: "*", 134: "/", 135: "/", 137: "%", 169: "?", 172: ">", 174: ">=", 176: "<", 178: "<=", 170: "==", 171: "!=",
    ]
}
