extension JSON {
    /// The value as JSON text on one line, names in the order they were given. Numbers that JSON has no form for (NaN, infinities) become null.
    package var text: String {
        var out = ""
        write(to: &out)
        return out
    }

    /// The value over several lines, two spaces a level.
    package var prettyText: String {
        var out = ""
        writePretty(to: &out, indent: "\n")
        return out
    }

    private func write(to out: inout String) {
        switch self {
        case .array(let values):
            out += "["
            for (index, value) in values.enumerated() {
                if index > 0 { out += ", " }
                value.write(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += ", " }
                JSON.quote(member.name, to: &out)
                out += ": "
                member.value.write(to: &out)
            }
            out += "}"
        default: writeScalar(to: &out)
        }
    }

    private func writePretty(to out: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .array(let values) where !values.isEmpty:
            out += "["
            for (index, value) in values.enumerated() {
                out += (index > 0 ? "," : "") + inner
                value.writePretty(to: &out, indent: inner)
            }
            out += indent + "]"
        case .object(let members) where !members.isEmpty:
            out += "{"
            for (index, member) in members.enumerated() {
                out += (index > 0 ? "," : "") + inner
                JSON.quote(member.name, to: &out)
                out += ": "
                member.value.writePretty(to: &out, indent: inner)
            }
            out += indent + "}"
        default: write(to: &out)
        }
    }

    private func writeScalar(to out: inout String) {
        switch self {
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .number(let value): out += value.isFinite ? "\(value)" : "null"
        case .string(let value): JSON.quote(value, to: &out)
        case .null, .array, .object: out += "null"
        }
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
