internal import OpsinGraph
internal import OpsinVision
internal import OpsinVulkan

/// Where a session turns images into tensors. Both ways give the same bits but for the rounding of an fp16 plan's input.
public enum PreprocessingPlace: Hashable, Sendable {
    /// As `OPSIN_VK_PREPROCESS` says (1 device, 0 CPU); without it on a real GPU where that pays, else on the CPU.
    case automatic
    /// Always on the processor.
    case cpu
    /// On the Vulkan device in the submit of the run, also where that is slower; on the CPU when the session runs there or its first op does.
    case device
}

extension SessionState {
    /// Whether `image` is to be preprocessed by the device.
    func preprocessesOnDevice(_ image: Image?) -> Bool {
        guard let image, case .vulkan(let device, _) = backend, image.samples.count <= device.info.limits.maximumStorageRange else { return false }
        return mayPreprocessOnDevice
    }

    /// Whether images are to be preprocessed by the device where they fit.
    var mayPreprocessOnDevice: Bool {
        guard case .vulkan(let device, _) = backend else { return false }
        switch settings.preprocessing {
        case .cpu: return false
        case .device: return true
        case .automatic:
            if let asked = environment("OPSIN_VK_PREPROCESS"), !asked.isEmpty { return asked != "0" }
            // The host then copies the samples instead of resizing them, and 8-bit samples go up instead of floats. A driver that computes on the processor
            // has nothing to gain; no real GPU has measured it yet.
            return device.info.kind != .cpu
        }
    }
}

extension PlanCache.Key {
    /// The shape of the tensor that preprocessing makes.
    init(_ geometry: PreprocessGeometry) { self.init(batch: 1, height: geometry.height, width: geometry.width) }
}

extension PreprocessRecipe {
    /// The sizes and offsets for `image`.
    func geometry(of image: Image) throws(OpsinError) -> PreprocessGeometry {
        do {
            return try geometry(of: image.pixels)
        } catch {
            throw OpsinError(error)
        }
    }
}

extension CompiledPlan {
    /// Preprocesses `image` on the device and runs, in one submit; nil where the plan's first op is not the device's.
    func run(_ image: Image, _ recipe: PreprocessRecipe) throws(PlanFailure) -> (outputs: [[Float]], preprocessMilliseconds: Double)? {
        guard case .vulkan(let plan) = self else { return nil }
        return try plan.run(image, recipe)
    }
}

extension DevicePlan {
    /// The same; the time is that of the host's copy, and of the device's copy and kernels by its own clock.
    func run(_ image: Image, _ recipe: PreprocessRecipe) throws(PlanFailure) -> (outputs: [[Float]], preprocessMilliseconds: Double)? {
        guard let entry else { return nil }
        let first: [[Float]], spent: Double
        do throws(VulkanError) {
            let start = milliseconds()
            let preprocessor = try imagePreprocessor(of: entry, recipe)
            let stage = try preprocessor.prepare(image.samples, width: image.width, height: image.height, channels: image.channels) {
                () throws(VulkanError) in try DevicePlan.program(image, recipe)
            }
            let prepared = milliseconds() - start
            first = try entry.run([nil], before: stage, after: list(after: entry))
            spent = prepared + (try preprocessor.milliseconds())
        } catch {
            throw PlanFailure(error)
        }
        return (try finish(first), spent)
    }

    /// One for each recipe that comes: what it keeps fits images of one size under that recipe.
    private func imagePreprocessor(of plan: VulkanPlan, _ recipe: PreprocessRecipe) throws(VulkanError) -> ImagePreprocessor {
        if let preprocessor, self.recipe == recipe { return preprocessor }
        let fresh = try ImagePreprocessor(plan, input: 0)
        (preprocessor, self.recipe) = (fresh, recipe)
        return fresh
    }

    private static func program(_ image: Image, _ recipe: PreprocessRecipe) throws(VulkanError) -> ImageProgram {
        do {
            return try recipe.program(width: image.width, height: image.height, channels: image.channels)
        } catch {
            throw VulkanError(.argument, error.description)
        }
    }
}
