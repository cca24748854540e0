/// A value that is some channels of a larger map of the same pixels and has no bytes of its own: an input of a Concat that its producer writes in its place, or
/// the output of a Slice that its reader reads where it is.
package struct ChannelView: Hashable, Sendable {
    /// `Value.index` of the map.
    package let whole: Int
    /// The first channel, and how far the next one is.
    package let start: Int
    package let step: Int
    /// Channels of the map.
    package let channels: Int
    /// Its producer writes the channels (Concat); else they are there before (Slice).
    package let isWritten: Bool

    package init(whole: Int, start: Int, step: Int, channels: Int, isWritten: Bool) {
        (self.whole, self.start, self.step, self.channels, self.isWritten) = (whole, start, step, channels, isWritten)
    }

    /// The views that a backend can do with, by `Value.index`.
    ///
    /// - Parameters:
    ///   - writes: whether a node can write its output among other channels.
    ///   - reads: whether a node can read its first input among other channels.
    ///   Both are asked only for nodes that run alone.
    package static func find(_ graph: Graph, groups: [[Int]], writes: (Graph.Node) -> Bool, reads: (Graph.Node) -> Bool) -> [Int: ChannelView] {
        let alone = Set(groups.filter { $0.count == 1 }.flatMap { $0 })
        var readers = [[Int]](repeating: [], count: graph.valueCount)
        var producer: [Int: Int] = [:]
        for (index, node) in graph.nodes.enumerated() {
            producer[node.output.index] = index
            for input in node.inputs { readers[input.index].append(index) }
        }
        let outputs = Set(graph.outputs.map(\.value.index))
        // Constants have no place among the activations.
        let constants = Set(graph.constants.map(\.value.index))
        func canWrite(_ value: Value, for concat: Int) -> Bool {
            guard readers[value.index] == [concat], !outputs.contains(value.index), let index = producer[value.index], alone.contains(index) else {
                return false
            }
            return writes(graph.nodes[index])
        }
        func canRead(_ index: Int, _ value: Value) -> Bool {
            let node = graph.nodes[index]
            return alone.contains(index) && node.inputs.first == value && !node.inputs.dropFirst().contains(value) && reads(node)
        }
        var views: [Int: ChannelView] = [:]
        for (index, node) in graph.nodes.enumerated() {
            switch node.op {
            case .concat(let concat) where concat.axis == .c:
                var start = 0
                for input in node.inputs {
                    if canWrite(input, for: index) {
                        views[input.index] = ChannelView(whole: node.output.index, start: start, step: 1, channels: node.output.shape.c, isWritten: true)
                    }
                    start += input.shape.c
                }
            case .slice(let slice) where slice.axis == .c:
                // A map that is itself a part of another one stays in one piece.
                guard let x = node.inputs.first, views[x.index] == nil, !constants.contains(x.index), !outputs.contains(node.output.index),
                    !readers[node.output.index].isEmpty,
                    readers[node.output.index].allSatisfy({ canRead($0, node.output) })
                else { continue }
                views[node.output.index] = ChannelView(whole: x.index, start: slice.start, step: slice.step, channels: x.shape.c, isWritten: false)
            default: continue
            }
        }
        return views
    }
}
