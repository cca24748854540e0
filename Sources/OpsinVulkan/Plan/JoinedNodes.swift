internal import OpsinGraph

/// Nodes that one dispatch computes on a GPU, in the place of the first of them: their outputs depend on nothing but that node's inputs.
protocol JoinedNodes {
    /// Indices into the graph's nodes, in their order.
    var nodes: [Int] { get }

    /// Adds the dispatch of `group`, the nodes that `nodes` names.
    func lower(_ group: [Graph.Node], _ plan: VulkanPlanBuilder) throws(VulkanError)
}

/// What to know of a graph to join nodes of it.
struct Readers {
    let graph: Graph
    /// By `Value.index`: bytes of an element.
    let widths: [Int]
    /// By `Value.index`: the nodes that read it, by index.
    let nodes: [[Int]]
    private let outputs: Set<Int>
    private let producers: [Int: Int]

    init(_ graph: Graph, widths: [Int]) {
        var readers = [[Int]](repeating: [], count: graph.valueCount)
        for (index, node) in graph.nodes.enumerated() {
            for input in Set(node.inputs) { readers[input.index].append(index) }
        }
        (self.graph, self.widths, nodes, outputs) = (graph, widths, readers, Set(graph.outputs.map(\.value.index)))
        producers = Dictionary(graph.nodes.enumerated().map { ($1.output.index, $0) }) { first, _ in first }
    }

    /// The node that alone reads `value`, which no output is; nil where there are others.
    func sole(of value: Value) -> Int? { nodes[value.index].count == 1 && !outputs.contains(value.index) ? nodes[value.index][0] : nil }

    /// The node that makes `value`, where `reader` alone reads it.
    func producer(of value: Value, for reader: Int) -> Int? { sole(of: value) == reader ? producers[value.index] : nil }

    /// Whether all of `values` are stored alike.
    func areAlike(_ values: [Value]) -> Bool { Set(values.map { widths[$0.index] }).count == 1 }
}

extension VulkanPlan {
    /// What `device` computes at once of `graph`. Each kind takes what those before it have left.
    static func joined(_ graph: Graph, _ device: Device, _ storage: Storage, widths: [Int]) -> [any JoinedNodes] {
        let traits = device.traits
        guard traits.tilesProducts, traits.product == nil, traits.depthwise == nil else { return [] }
        let readers = Readers(graph, widths: widths), multiplies = storage == .f16 && traits.matrices != nil
        var found: [any JoinedNodes] = []
        // Both have shared memory whose size is a constant, which some devices translate wrongly.
        if device.features.missing(for: PooledLayerShader.variants[traits.reduction.rawValue]) == nil {
            found += PooledLayer.find(readers, traits.workgroups) as [any JoinedNodes]
        }
        if device.features.missing(for: DepthwiseStagedShader.variants[1]) == nil {
            found += ExpandDepthwise.find(readers, traits, sharedMemory: device.info.limits.sharedMemory, besideMatrices: multiplies) as [any JoinedNodes]
        }
        // Matrices multiply faster than what projections save.
        if !multiplies { found += Projections.find(graph, widths: widths) as [any JoinedNodes] }
        var taken = Set<Int>()
        return found.filter { group in
            guard taken.isDisjoint(with: group.nodes) else { return false }
            taken.formUnion(group.nodes)
            return true
        }
    }
}
