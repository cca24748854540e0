package import OpsinGraph

extension VulkanPlan {
    /// A graph as one device runs it, and the nodes that the device cannot run in any form, by index, with the reason.
    package struct Judged {
        package let graph: Graph
        package let refusals: [Int: String]
    }

    /// `graph` fused as it pays, but where the device refuses a fused op, which it then runs op by op; and where it refuses an op by itself, fused if that it
    /// can run: a depthwise convolution whose map is beyond a binding's limit needs no map where the pointwise one behind it reads it at once.
    package static func judged(_ graph: Graph, on device: Device, storage: Storage) throws(VulkanError) -> Judged {
        let judge = FusionJudge(graph, device, storage)
        let paying = try judge.settled(keeping: [], everything: false)
        guard !paying.judged.refusals.isEmpty else { return paying.judged }
        // What a fusion, whether it pays or not, would save from the CPU.
        let refused = Set(paying.judged.refusals.keys.map { paying.judged.graph.nodes[$0].output })
        var (wanted, others) = (Set<Value>(), Set<Value>())
        for node in judge.fused(keeping: paying.kept, everything: true).nodes {
            let inside = judge.inside(node)
            let saves = refused.contains(node.output) || !inside.isDisjoint(with: refused)
            if saves { wanted.formUnion(inside) } else { others.formUnion(inside) }
        }
        guard !wanted.isEmpty else { return paying.judged }
        for node in paying.judged.graph.nodes { others.subtract(judge.inside(node)) }
        let saving = try judge.settled(keeping: paying.kept.union(others), everything: true)
        return saving.judged.refusals.count < paying.judged.refusals.count ? saving.judged : paying.judged
    }
}

/// Fuses a graph again and again until the device refuses no fused op.
private struct FusionJudge {
    let graph: Graph
    let device: Device
    let storage: Storage
    /// By value: the node that makes it.
    private let producers: [Int: Graph.Node]

    init(_ graph: Graph, _ device: Device, _ storage: Storage) {
        (self.graph, self.device, self.storage) = (graph, device, storage)
        producers = Dictionary(graph.nodes.map { ($0.output.index, $0) }) { first, _ in first }
    }

    /// The graph fused, but for what would swallow a value of `kept`: as it pays, or wherever it can be.
    func fused(keeping kept: Set<Value>, everything: Bool) -> Graph {
        graph.keeping(kept) { everything ? $0.fusedForGPU(gates: { _ in true }, where: { _, _ in true }) : device.traits.fused($0) }
    }

    /// The values that exist in the single ops of `node` only: none for an op that was not fused.
    func inside(_ node: Graph.Node) -> Set<Value> {
        var (found, open) = (Set<Value>(), [node.output])
        while let value = open.popLast() {
            for input in producers[value.index]?.inputs ?? [] where producers[input.index] != nil && !node.inputs.contains(input) {
                if found.insert(input).inserted { open.append(input) }
            }
        }
        return found
    }

    /// Each round gives up the fusions that were refused, so it ends.
    func settled(keeping first: Set<Value>, everything: Bool) throws(VulkanError) -> (judged: VulkanPlan.Judged, kept: Set<Value>) {
        var kept = first
        while true {
            let fused = fused(keeping: kept, everything: everything)
            var refusals = try VulkanPlan.refusals(fused, on: device, storage: storage)
            var given: Set<Value> = []
            for (index, node) in fused.nodes.enumerated() {
                let inside = inside(node)
                // Who switches an op off means its work inside of others too.
                if !inside.isEmpty, let name = switchedOff(inside.union([node.output])) { refusals[index] = "\(name) is switched off on Vulkan devices" }
                if refusals[index] != nil { given.formUnion(inside) }
            }
            guard !given.isSubset(of: kept) else { return (VulkanPlan.Judged(graph: fused, refusals: refusals), kept) }
            kept.formUnion(given)
        }
    }

    private func switchedOff(_ values: Set<Value>) -> String? {
        values.lazy.compactMap { producers[$0.index]?.op.name }.first(where: device.options.refused.contains)
    }
}
