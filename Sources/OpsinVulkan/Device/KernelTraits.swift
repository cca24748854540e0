/// What about a device decides which of several kernels runs there. All of them are correct everywhere.
package struct KernelTraits: Sendable, Equatable {
    /// It computes on the processor: a barrier costs much, shared memory saves nothing, and every load is a loop over lanes.
    package var isProcessor: Bool
    /// Lanes hand values round in registers, in subgroups of eight: Mesa's llvmpipe with 256-bit vectors.
    package var handsRound: Bool
    /// Products stage both factors in shared memory.
    package var tilesProducts: Bool
    /// Depthwise convolutions of large windows stage their input in shared memory. Integrated devices share one memory with the processor and have small
    /// caches, and some keep what is called shared there: ncnn tiles on discrete ones only, too.
    package var stagesDepthwise: Bool
    /// Workgroups from which on its processors are busy, with a second one each to hide latency; a guess by kind where the driver does not tell their number.
    package var workgroups: Int
    /// Subgroups multiply matrices of 16 x 16, where activations are fp16; nil: they do not.
    package var matrices: Matrices?
    /// How a workgroup adds up: within subgroups first, where the device has their sums and they passed the self-test.
    package var reduction: Reduction
    /// For tests: the kernel of every product, whatever its shape; nil chooses.
    package var product: ProductKernel?
    /// For tests: the kernel of every depthwise convolution; nil chooses.
    package var depthwise: DepthwiseKernel?

    /// The traits of a device that says `info` of itself, with what `known` adds.
    package init(_ info: DeviceInfo, _ features: DeviceFeatures, _ known: [KnownDevice] = []) {
        isProcessor = info.kind == .cpu
        handsRound = isProcessor && info.limits.subgroupSize == 8 && features.missing(for: Conv2dBroadcastShader.variants[0]) == nil
        tilesProducts = [.discrete, .integrated, .virtual].contains(info.kind) && known.allSatisfy(\.stagesInShared)
        stagesDepthwise = tilesProducts && info.kind != .integrated
        workgroups = info.cores.map { 2 * $0 } ?? (info.kind == .integrated ? 32 : 256)
        // Both forms are the same instructions; NV's is the older one, with fewer shapes to ask for.
        matrices = isProcessor ? nil : [Matrices.nv, .khr].first { features.missing(for: Conv2dCoopmatShader.variants[$0.rawValue]) == nil }
        reduction = features.missing(for: NormShader.variants[Reduction.subgroups.rawValue]) == nil ? .subgroups : .memory
        product = nil
    }
}

/// A kernel for products of matrices: convolutions and linear layers.
package enum ProductKernel: Sendable, Equatable {
    /// `conv2d.comp`: a thread alone, sums in registers.
    case plain(Conv2dShader.Tile)
    /// `conv2d_broadcast.comp`
    case broadcast(Conv2dBroadcastShader.Tile)
    /// `conv2d_rows.comp`: pointwise, few pixels, channels and outputs in whole quads.
    case rows
    /// `conv2d_tiled.comp`, its depth shared by so many workgroups.
    case tiled(Conv2dTiledShader.Tile, splits: Int)
    /// `conv2d_coopmat.comp`, fp16 only, split likewise.
    case matrices(Matrices, splits: Int)
}

/// A kernel for depthwise convolutions.
package enum DepthwiseKernel: Sendable, Equatable {
    /// `depthwise_conv2d.comp`: tiles of outputs in registers.
    case direct
    /// `depthwise_staged.comp`: the same from shared memory, where a tile fits.
    case staged
    /// `depthwise_broadcast.comp`
    case handedRound
}
