import OpsinVulkan
import Testing

/// The machine's Vulkan, opened once for all tests; a machine without it skips them by this reason.
enum VulkanHere {
    static let opened: Result<VulkanInstance, VulkanError> = Result { () throws(VulkanError) in
        let instance = try VulkanInstance(loader: LoaderFunctions())
        _ = try instance.choose(.best)
        return instance
    }

    static var isThere: Bool { (try? opened.get()) != nil }

    static let reason: Comment = "no Vulkan device is here (Debian: mesa-vulkan-drivers)"

    /// A device that keeps no cache and reads no environment.
    static func device(_ options: DeviceOptions = DeviceOptions(), edit: (inout VulkanFunctions) -> Void = { _ in }) throws -> Device {
        let instance = try VulkanInstance(loader: LoaderFunctions(), edit: edit)
        return try Device(instance, index: try instance.choose(.best), options: options)
    }

    /// The device that is here with a discrete GPU's traits, so that it runs the kernels that a GPU runs; patient, as llvmpipe compiles at the first run.
    static func gpu(_ edit: (inout KernelTraits) -> Void = { _ in }) throws -> Device {
        let here = try OpsOnVulkanTests.device.get()
        var info = here.info, options = DeviceOptions()
        info.kind = .discrete
        var traits = KernelTraits(info, here.features)
        edit(&traits)
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        return try device(options)
    }
}

/// A buffer with these values, visible to the device.
func upload(_ values: [Float], to device: Device) throws -> Buffer {
    let buffer = try device.memory.allocate(values.count * 4, .upload)
    try buffer.write(values)
    return buffer
}

/// ReLU or another function over `x` into `y`, one dispatch.
func activation(_ device: Device, _ function: UInt32, _ x: BufferView, _ y: BufferView, storage: Storage = .f32) throws -> Dispatch {
    let quads = UInt32(x.byteCount / (storage == .f32 ? 16 : 8))
    let shader = ActivationShader(storage: storage, function: function, quads: quads)
    let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
    return Dispatch(pipeline, buffers: [x, y], push: shader.push, groups: quads.inGroups(of: shader.local), label: "activation")
}
