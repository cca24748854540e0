internal import OpsinGraph
internal import OpsinVision
internal import OpsinVulkan

/// Where a session turns logits into masks.
public enum PostprocessingPlace: Hashable, Sendable {
    /// As `OPSIN_VK_POSTPROCESS` says (1 device, 0 CPU); without it on a real GPU, else on the CPU.
    case automatic
    /// Always on the processor.
    case cpu
    /// On the Vulkan device in the submit of the run, also where that is slower; on the CPU, with the reason in the report, where it cannot.
    case device
}

/// A mask that a run shall leave.
struct MaskRequest {
    let mapping: ImageMapping
    let confidence: Bool
    let probabilities: Bool
}

/// A mask that a device made.
struct DeviceMask {
    let labels: [UInt16]
    let confidence: [Float]?
    /// The device's time for it: kernels and the copy to the host.
    let milliseconds: Double
}

extension SessionState {
    /// Whether masks are to be made by the device.
    var masksOnDevice: Bool {
        guard case .vulkan(let device, _) = backend else { return false }
        switch settings.postprocessing {
        case .cpu: return false
        case .device: return true
        case .automatic:
            if let asked = environment("OPSIN_VK_POSTPROCESS"), !asked.isEmpty { return asked != "0" }
            return device.info.kind != .cpu
        }
    }
}

extension CompiledPlan {
    /// Makes the next runs end with this mask, or with none. Answers why the device cannot make it, or nil.
    func prepare(mask request: MaskRequest?) throws(PlanFailure) -> String? {
        guard case .vulkan(let plan) = self else { return nil }
        return try plan.prepare(mask: request)
    }

    /// The mask of the last run; nil when it was not prepared for one.
    func mask() throws(PlanFailure) -> DeviceMask? {
        guard case .vulkan(let plan) = self else { return nil }
        return try plan.mask()
    }
}

extension DevicePlan {
    /// The last part, when it runs on the device and makes the logits.
    private var exit: (plan: VulkanPlan, output: Int)? {
        guard case .device(let plan)? = parts.last, let index = plan.outputs.firstIndex(where: { $0.name == "logits" }) else { return nil }
        return (plan, index)
    }

    func prepare(mask request: MaskRequest?) throws(PlanFailure) -> String? {
        after = nil
        guard let request else { return nil }
        guard !request.probabilities else { return "probabilities of all labels are the CPU's" }
        guard let exit else { return "the last op is the CPU's" }
        let shape = exit.plan.outputs[exit.output].value.shape, mapping = request.mapping
        do throws(VulkanError) {
            let stage: MaskStage
            if let maskStage { stage = maskStage } else { stage = try MaskStage(exit.plan, output: exit.output) }
            maskStage = stage
            if let refusal = stage.refusal(rows: mapping.imageHeight, columns: mapping.imageWidth, confidence: request.confidence) { return refusal }
            let places = try DevicePlan.places(mapping, shape)
            after = (
                exit.plan,
                try stage.prepare(
                    rows: MaskStage.Axis(places: places.rows.values, seen: places.rows.seen),
                    columns: MaskStage.Axis(places: places.columns.values, seen: places.columns.seen), confidence: request.confidence)
            )
            return nil
        } catch {
            guard error.code == .deviceLost || error.code == .timeout else { return error.description }
            throw PlanFailure(error)
        }
    }

    func mask() throws(PlanFailure) -> DeviceMask? {
        guard after != nil, let maskStage else { return nil }
        do throws(VulkanError) {
            let (labels, confidence) = try maskStage.read()
            return DeviceMask(labels: labels, confidence: confidence, milliseconds: try maskStage.milliseconds())
        } catch {
            throw PlanFailure(error)
        }
    }

    private static func places(_ mapping: ImageMapping, _ shape: Shape) throws(VulkanError) -> (rows: LabelMask.Places, columns: LabelMask.Places) {
        do {
            return try LabelMask.places(mapping, rows: shape.h, columns: shape.w)
        } catch {
            throw VulkanError(.argument, error.description)
        }
    }
}
