/// One activation of a graph: which one it is, and its shape.
package struct Value: Hashable, Sendable {
    package let index: Int
    package let shape: Shape
}

/// How the reference implementation lays out a tensor that users see; inside, everything is NHWC.
package enum TensorLayout: Hashable, Sendable {
    /// `[n, h, w, c]`
    case nhwc
    /// `[n, c, h, w]`
    case nchw
    /// `[n, c]`: a map of one pixel
    case nc
    /// `[n, w, c]`: a row of tokens
    case nlc
    /// `[n, h, w]`: a map of one channel
    case nhw

    /// The dimensions of `shape` in this layout.
    package func dimensions(of shape: Shape) -> [Int] {
        switch self {
        case .nhwc: [shape.n, shape.h, shape.w, shape.c]
        case .nchw: [shape.n, shape.c, shape.h, shape.w]
        case .nc: [shape.n, shape.c]
        case .nlc: [shape.n, shape.w, shape.c]
        case .nhw: [shape.n, shape.h, shape.w]
        }
    }
}

/// A network for one input shape: ops in an order in which they can run, from named inputs to named outputs.
///
/// Invariants, kept by `append`: a node's inputs are made by earlier nodes, are graph inputs or constants; every value has exactly one producer; all shapes fit.
package struct Graph: Sendable {
    package struct Node: Sendable {
        /// The path of the layer in the reference implementation (`blocks.2.0.dw_start.conv`), unique enough to find it in a table.
        package var name: String
        package var op: Op
        package var inputs: [Value]
        package let output: Value

        package var cost: Cost { op.rule.cost(of: inputs.map(\.shape), output: output.shape) }
    }

    /// A value that users feed or read, under the reference's name and layout.
    package struct Port: Hashable, Sendable {
        package var name: String
        package var value: Value
        package var layout: TensorLayout
    }

    /// A value whose elements are known when the graph is built: position embeddings, anchors, query embeddings, a class token.
    package struct ConstantValue: Sendable {
        /// As many elements as `value.shape`, in the order of its bytes.
        package let constant: Constant
        package let value: Value
    }

    package var nodes: [Node] = []
    package internal(set) var inputs: [Port] = []
    package internal(set) var outputs: [Port] = []
    /// Values that have a name in the reference (`blocks.2.1`) and can be asked for as extra outputs.
    package private(set) var endpoints: [Port] = []
    /// Values that are data. No node makes them and no run writes them: to passes they are inputs, to plans weights.
    package internal(set) var constants: [ConstantValue] = []
    /// One more than the largest `Value.index` in use.
    package private(set) var valueCount = 0
    /// By `Value.index`: the name of the node that made the value first, of inputs their own; passes that fuse nodes keep their values, and so these names.
    package private(set) var valueNames: [String] = []
    /// By `Value.index`: values that are stored as bytes, and what the bytes stand for. Set by `QuantizeActivations`; others are as wide as the backend has them.
    package internal(set) var quantizations: [Int: Quantization] = [:]
    /// The nodes that `QuantizeActivations` left in floating point, and why.
    package internal(set) var quantizationRefusals: [QuantizationRefusal] = []
    /// By `Value.index`: values that every backend stores in fp32, whatever its precision. Passes keep them.
    package private(set) var float32Values: Set<Int> = []

    package init() {}

    /// A new input of the graph.
    package mutating func input(_ name: String, shape: Shape, layout: TensorLayout = .nchw) -> Value {
        let value = newValue(shape, name: name)
        inputs.append(Port(name: name, value: value, layout: layout))
        return value
    }

    /// A new value with these elements. A backend reads them where they are, or uploads them once; a run copies nothing.
    package mutating func constant(_ constant: Constant, shape: Shape) throws(GraphError) -> Value {
        guard constant.count == shape.count else {
            throw .weights("constant \(constant.name) has \(constant.count) elements \(constant.dimensions), expected \(shape.count) for \(shape)")
        }
        let value = newValue(shape, name: constant.name)
        constants.append(ConstantValue(constant: constant, value: value))
        return value
    }

    /// Adds `op` after everything that is there. Throws when the inputs do not fit the op.
    @discardableResult
    package mutating func append(_ op: Op, _ values: [Value], name: String) throws(GraphError) -> Value {
        let rule = op.rule
        guard rule.inputCount.contains(values.count) else {
            throw .shape("\(name): \(op.name) takes \(rule.inputCount.lowerBound) to \(rule.inputCount.upperBound) inputs, found \(values.count)")
        }
        let shape: Shape
        do {
            shape = try rule.outputShape(of: values.map(\.shape))
        } catch {
            throw GraphError(code: error.code, description: "\(name): \(error.description)")
        }
        let output = newValue(shape, name: name)
        nodes.append(Node(name: name, op: op, inputs: values, output: output))
        return output
    }

    /// Makes `value` an output of the graph.
    package mutating func output(_ name: String, _ value: Value, layout: TensorLayout) {
        outputs.append(Port(name: name, value: value, layout: layout))
    }

    /// Gives `value` the name that the reference has for it.
    package mutating func endpoint(_ name: String, _ value: Value, layout: TensorLayout = .nchw) {
        endpoints.append(Port(name: name, value: value, layout: layout))
    }

    /// Has `value` stored in fp32 on every backend in every precision, and the op that makes it computed in fp32: for positions, indices and whatever else
    /// passes 65504 or needs more than the 11 bits of an fp16 mantissa.
    package mutating func requireFloat32(_ value: Value) { float32Values.insert(value.index) }

    /// Whether `requireFloat32` was said of `value`.
    package func requiresFloat32(_ value: Value) -> Bool { float32Values.contains(value.index) }

    /// The graph with these endpoints as further outputs, so that no pass fuses them away. Names that are unknown are returned.
    package func exposing(_ names: [String]) -> (graph: Graph, unknown: [String]) {
        var graph = self
        var unknown: [String] = []
        for name in names {
            guard let port = endpoints.first(where: { $0.name == name }) else {
                unknown.append(name)
                continue
            }
            graph.outputs.append(port)
        }
        return (graph, unknown)
    }

    /// Everything that the ops do, together.
    package var cost: Cost { nodes.reduce(Cost()) { $0 + $1.cost } }

    mutating func newValue(_ shape: Shape, name: String = "") -> Value {
        defer { valueCount += 1 }
        valueNames.append(name)
        return Value(index: valueCount, shape: shape)
    }
}
