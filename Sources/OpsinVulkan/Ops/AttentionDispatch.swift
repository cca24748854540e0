internal import OpsinGraph

/// One run of attention, over the tokens of images or of windows: scores, softmax and weighted values in one dispatch.
package struct AttentionDispatch {
    /// The windows that tile a map.
    struct Windows {
        let rows: Int
        let columns: Int
        /// Windows side by side in a map.
        let across: Int
        /// `[heads, 2 * rows - 1, 2 * columns - 1]` in fp32; nil is none.
        let bias: BufferView?
    }

    /// Which shader computes it.
    package enum Kernel {
        /// `attention_broadcast.comp`: a lane two queries, for devices whose loads are loops over lanes.
        case broadcast
        /// `attention_tiled.comp`: a thread a query, keys and values in shared memory.
        case tiled
        /// `attention.comp`: a workgroup a query, heads of any size.
        case general
    }

    /// Images, or windows of all images.
    let images: Int
    let queries: Int
    let keys: Int
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int
    let valueSize: Int
    let scale: Float
    /// nil where the tokens of an image follow each other.
    let windows: Windows?

    /// The first two keep a query and its sums in registers, so the heads that they take are small and of whole quads.
    package static func kernel(headSize: Int, valueSize: Int, broadcasts: Bool) -> Kernel {
        let largest = max(headSize, valueSize), inQuads = headSize % 4 == 0 && valueSize % 4 == 0
        if broadcasts, inQuads, largest <= 128 { return .broadcast }
        return inQuads && largest <= 64 ? .tiled : .general
    }

    /// Adds the dispatch of `node`, whose inputs are queries, keys and values.
    func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        var views = [try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.view(node.inputs[2]), try plan.view(node.output)]
        // A binding must be there; without a bias nothing reads it.
        if let windows { views.append(windows.bias ?? views[0]) }
        let w = try words()
        if plan.storage == .f16, let matrices = plan.device.traits.matrices, try lowerMatrices(matrices, w, views, plan) { return }
        switch Self.kernel(headSize: headSize, valueSize: valueSize, broadcasts: plan.device.traits.handsRound) {
        case .broadcast:
            let lanes = 8, perLane = 2
            let shader = AttentionBroadcastShader(
                storage: plan.storage, tokens: w.tokens, headQuads: w.headSize / 4, valueQuads: w.valueSize / 4, windowRows: w.rows, windowColumns: w.columns,
                across: w.across, biased: w.biased, images: w.images, queries: w.queries, keys: w.keys, heads: w.heads, keyValueHeads: w.keyValueHeads,
                scale: scale)
            let blocks = (queries + lanes * perLane - 1) / (lanes * perLane)
            try plan.dispatch(shader, views, threads: images * blocks * heads * lanes, local: shader.local)
        case .tiled:
            let shader = AttentionTiledShader(
                storage: plan.storage, tokens: w.tokens, headQuads: w.headSize / 4, valueQuads: w.valueSize / 4, windowRows: w.rows, windowColumns: w.columns,
                across: w.across, biased: w.biased, images: w.images, queries: w.queries, keys: w.keys, heads: w.heads, keyValueHeads: w.keyValueHeads,
                scale: scale)
            let blocks = (queries + Int(shader.local) - 1) / Int(shader.local)
            try plan.dispatch(shader, views, workgroups: images * blocks * heads)
        case .general:
            let shader = AttentionShader(
                storage: plan.storage, reduction: plan.device.traits.reduction, tokens: w.tokens, headSize: w.headSize, valueSize: w.valueSize,
                windowRows: w.rows, windowColumns: w.columns, across: w.across, biased: w.biased, images: w.images, queries: w.queries, keys: w.keys,
                heads: w.heads, keyValueHeads: w.keyValueHeads, scale: scale)
            let shared = (headSize + 2 * Int(shader.local)) * 4, limit = plan.device.info.limits.sharedMemory
            guard shared <= limit, valueSize <= 64 * Int(shader.local) else {
                throw VulkanError(.unsupported, "heads of \(headSize)/\(valueSize) channels need \(shared) bytes of shared memory, \(limit) are there")
            }
            try plan.dispatch(shader, views, workgroups: images * queries * heads)
        }
    }

    /// Adds `attention_coopmat.comp`, where heads are whole matrices and its tiles fit into shared memory; answers whether it did.
    private func lowerMatrices(_ matrices: Matrices, _ w: Words, _ views: [BufferView], _ plan: VulkanPlanBuilder) throws(VulkanError) -> Bool {
        let rows = 32, keys = 32, pitch = headSize + 8, limits = plan.device.info.limits
        // Emulated sums lie there too, a matrix a subgroup.
        let shared = (matrices == .emulated ? 2048 : 0) + 2 * (rows + 2 * keys) * pitch + (4 + 2) * rows * keys + 4 * rows * (headSize + 1)
        guard headSize == valueSize, headSize % 16 == 0, queries >= 16, shared <= limits.sharedMemory else { return false }
        let subgroup = try word(limits.subgroupSize), blocks = (queries + rows - 1) / rows
        let shader = AttentionCoopmatShader(
            matrices: matrices, tokens: w.tokens, local: 2 * subgroup, headSize: w.headSize, subgroup: subgroup, windowRows: w.rows, windowColumns: w.columns,
            across: w.across, biased: w.biased, images: w.images, queries: w.queries, keys: w.keys, heads: w.heads, keyValueHeads: w.keyValueHeads,
            scale: scale)
        try plan.dispatch(shader, views, workgroups: images * blocks * heads)
        return true
    }

    /// Constants and push constants by their names in the shaders.
    private struct Words {
        let tokens: Tokens
        let rows, columns, across: UInt32
        let biased: Bool
        let images, queries, keys, heads, keyValueHeads, headSize, valueSize: UInt32
    }

    private func words() throws(VulkanError) -> Words {
        Words(
            tokens: windows == nil ? .image : .windows, rows: try word(windows?.rows ?? 1), columns: try word(windows?.columns ?? 1),
            across: try word(windows?.across ?? 1), biased: windows?.bias != nil, images: try word(images), queries: try word(queries), keys: try word(keys),
            heads: try word(heads), keyValueHeads: try word(keyValueHeads), headSize: try word(headSize), valueSize: try word(valueSize))
    }
}
