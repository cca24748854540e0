/// An optional ability of a device, by the names of `OPSIN_VK_DISABLE`.
package enum Feature: String, CaseIterable, Sendable {
    /// 16-bit floats in storage and in arithmetic.
    case fp16
    /// 8-bit integers in storage and in arithmetic.
    case int8
    /// Matrices that a subgroup multiplies together (tensor cores).
    case coopmat
    /// Sums and shuffles within a subgroup.
    case subgroups
    /// Shared memory whose size is a specialization constant.
    case sharedSizes = "shared_sizes"
    /// The pipeline cache on disk.
    case pipelineCache = "pipeline_cache"
}

/// What a device has, or what is switched on of it.
package struct DeviceFeatures: Sendable, Equatable {
    package var storage16 = false
    package var float16 = false
    package var storage8 = false
    package var int8 = false
    package var int16 = false
    package var memoryModel = false
    /// VK_NV_cooperative_matrix.
    package var cooperativeMatrixNV = false
    /// VK_KHR_cooperative_matrix with the one shape that our shaders have, 16 x 16 x 16 of fp16 with fp32 sums.
    package var cooperativeMatrixKHR = false
    /// Every device has to; some translate it wrongly.
    package var sharedSizes = true
    /// Bits of `VkSubgroupFeatureFlags` for compute.
    package var subgroupOperations: UInt32 = 0

    /// How memory can be shared with others.
    package var memoryHandles: Set<MemoryHandle> = []

    package init() {}

    /// 16-bit storage; arithmetic is fp32 in our kernels.
    package var fp16: Bool { storage16 }

    /// The same without what a person switched off.
    package func without(_ disabled: Set<Feature>) -> DeviceFeatures {
        var rest = self
        if disabled.contains(.fp16) { (rest.storage16, rest.float16) = (false, false) }
        if disabled.contains(.int8) { (rest.storage8, rest.int8) = (false, false) }
        if disabled.contains(.coopmat) { (rest.cooperativeMatrixNV, rest.cooperativeMatrixKHR) = (false, false) }
        if disabled.contains(.subgroups) { rest.subgroupOperations = 0 }
        if disabled.contains(.sharedSizes) { rest.sharedSizes = false }
        return rest
    }

    /// What `spirv` needs that is not here, in words; nil when it runs. Capability numbers: SPIR-V 1.3, section 3.31, and its extensions.
    package func missing(for spirv: SPIRV) -> String? {
        let sizes = sharedSizes || !spirv.sharedBytes.needsConstants ? [] : ["shared memory sized by constants"]
        let lacking = spirv.capabilities.filter { !has($0) }.map(DeviceFeatures.name) + sizes
        return lacking.isEmpty ? nil : lacking.joined(separator: ", ")
    }

    private func has(_ capability: UInt32) -> Bool {
        switch capability {
        case 0, 1: true
        case 9: float16
        case 22: int16
        case 39: int8
        case 61...68: subgroupOperations & (1 << (capability - 61)) != 0
        case 4433: storage16
        case 4448: storage8
        case 5345: memoryModel
        case 5357: cooperativeMatrixNV
        case 6022: cooperativeMatrixKHR
        default: false
        }
    }

    private static func name(_ capability: UInt32) -> String {
        switch capability {
        case 9: "fp16 arithmetic"
        case 22: "int16"
        case 39: "int8 arithmetic"
        case 61...68: "subgroup operations"
        case 4433: "fp16 storage"
        case 4448: "int8 storage"
        case 5345: "the Vulkan memory model"
        case 5357, 6022: "cooperative matrices"
        default: "SPIR-V capability \(capability)"
        }
    }
}
