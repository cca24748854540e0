internal import OpsinCPU
internal import OpsinGraph
internal import OpsinModels
internal import OpsinVulkan

/// What plans take from their model and runtime while they are made.
struct PlanResources {
    let packedWeights: (ISA, CPUPrecision) -> PackedWeights
    var deviceWeights: (OpsinVulkan.Device) -> DeviceWeights
    /// Threads for ops that a GPU cannot run.
    let team: () throws(OpsinError) -> CPUTeam
    let allowsCPUFallback: Bool
    /// What the bytes of values stand for, in a model that is quantised.
    let quantization: QuantizationTable?
    /// Bytes of packed weights, here and there.
    let weightBytes: () -> Int

    init(_ model: Model, threads: Int) {
        (packedWeights, deviceWeights) = ({ model.packedWeights($0, $1) }, { model.deviceWeights($0) })
        team = { () throws(OpsinError) in try model.runtime.team(threads: threads) }
        allowsCPUFallback = model.runtime.allowsCPUFallback
        weightBytes = { model.packedBytes }
        quantization = model.quantization
    }

    /// For a graph without a model, all of which runs where it was asked to.
    init(_ runtime: Runtime, threads: Int) {
        let weights = PackedWeights(), gpu = runtime.gpuWeights
        (packedWeights, deviceWeights) = ({ _, _ in weights }, { device in gpu.flatMap { $0.device === device ? $0 : nil } ?? DeviceWeights(device) })
        weightBytes = { weights.byteCount + (gpu?.byteCount ?? 0) }
        team = { () throws(OpsinError) in try runtime.team(threads: threads) }
        allowsCPUFallback = false
        quantization = nil
    }

    /// The same, with weights on the device that nobody else uses: for devices that are opened to be measured.
    var alone: PlanResources {
        var alone = self
        alone.deviceWeights = { DeviceWeights($0) }
        return alone
    }

    /// `graph` with bytes wherever the CPU computes with them.
    func quantized(_ graph: Graph) throws(PlanFailure) -> Graph {
        guard let quantization else { throw PlanFailure("precision int8: no ranges are known, since this is no quantised model (opsin quantize makes one)") }
        let names = graph.valueNames
        return QuantizeActivations.run(
            graph, ranges: { names.indices.contains($0.index) ? quantization.values[names[$0.index]] : nil }, form: { Op.int8Form($0, $1) })
    }

    /// `graph` on the CPU in fp32: as exact as any GPU.
    func cpuPlan(_ graph: Graph) throws(PlanFailure) -> CPUPlan {
        let (isa, team): (ISA, CPUTeam)
        do { (isa, team) = (try Backend.chosenISA(), try self.team()) } catch { throw PlanFailure(error.description) }
        do { return try CPUPlan(graph, team: team, weights: packedWeights(isa, .fp32), isa: isa) } catch { throw PlanFailure(error) }
    }
}
