internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan

/// Where a session's plans run, and in which precision.
enum Backend {
    case cpu(ISA, CPUPrecision, CPUTeam)
    case vulkan(OpsinVulkan.Device, Storage)

    /// The precision by the name that reports give it.
    var precision: Precision {
        switch self {
        case .cpu(_, .fp32, _), .vulkan(_, .f32): .fp32
        case .cpu(_, .bf16, _): .bf16
        case .cpu(_, .int8, _): .int8
        case .vulkan(_, .f16): .fp16
        }
    }

    /// Compiles `graph`. Weights are packed unless `resources` has them.
    func compile(_ graph: Graph, _ resources: PlanResources, timed: Bool = false) throws(PlanFailure) -> CompiledPlan {
        switch self {
        case .cpu(let isa, let precision, let team):
            let graph = precision == .int8 ? try resources.quantized(graph) : graph
            do {
                return .cpu(try CPUPlan(graph, team: team, weights: resources.packedWeights(isa, precision), isa: isa, precision: precision), timed: timed)
            } catch {
                throw PlanFailure(error)
            }
        case .vulkan(let device, let storage):
            return .vulkan(try DevicePlan(graph, on: device, storage, resources, timing: timed ? .each : .none))
        }
    }
}

extension Backend {
    /// The CPU in the precision that was asked for; an error for one that it cannot run.
    static func cpu(_ asked: Precision, team: CPUTeam) throws(OpsinError) -> Backend {
        let isa = try chosenISA()
        switch asked {
        case .default, .fp32: return .cpu(isa, .fp32, team)
        case .fp16: throw OpsinError(.unsupported, "precision fp16: the CPU backend has fp32, bf16 and int8")
        case .int8: return .cpu(isa, .int8, team)
        case .auto, .bf16:
            do {
                try CPUPrecision.bf16.check(isa)
                return .cpu(isa, .bf16, team)
            } catch {
                guard asked == .bf16 else { return .cpu(isa, .fp32, team) }
                throw OpsinError(.unsupported, error.description)
            }
        }
    }

    /// The GPU in the precision that was asked for; an error for one that it cannot run.
    static func vulkan(_ asked: Precision, _ device: OpsinVulkan.Device) throws(OpsinError) -> Backend {
        switch asked {
        case .default, .fp32: return .vulkan(device, .f32)
        case .auto: return .vulkan(device, device.features.fp16 ? .f16 : .f32)
        case .bf16, .int8: throw OpsinError(.unsupported, "precision \(asked.rawValue): the Vulkan backend has fp32 and fp16")
        case .fp16:
            guard device.features.fp16 else {
                let reason = device.options.distrusted[.fp16].map { "it failed its self-test: \($0)" }
                throw OpsinError(
                    .unsupported, "precision fp16: \(device.info.name) has no 16-bit storage, or it is switched off\(reason.map { " (\($0))" } ?? "")")
            }
            return .vulkan(device, .f16)
        }
    }

    /// The instruction set of `OPSIN_CPU_ISA`, or the best one.
    static func chosenISA() throws(OpsinError) -> ISA {
        do {
            return try ISA.usable()
        } catch {
            throw OpsinError(.device, error.description)
        }
    }
}
