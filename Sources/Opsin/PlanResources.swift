internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan

/// What plans take from their model and runtime while they are made.
struct PlanResources {
    let packedWeights: (ISA, CPUPrecision) -> PackedWeights
    var deviceWeights: (OpsinVulkan.Device) -> DeviceWeights
    /// Threads for ops that a GPU cannot run.
    let team: () throws(OpsinError) -> CPUTeam
    let allowsCPUFallback: Bool
    /// Bytes of packed weights, here and there.
    let weightBytes: () -> Int

    init(_ model: Model, threads: Int) {
        (packedWeights, deviceWeights) = ({ model.packedWeights($0, $1) }, { model.deviceWeights($0) })
        team = { () throws(OpsinError) in try model.runtime.team(threads: threads) }
        allowsCPUFallback = model.runtime.allowsCPUFallback
        weightBytes = { model.packedBytes }
    }

    /// For a graph without a model, all of which runs where it was asked to.
    init(_ runtime: Runtime, threads: Int) {
        let weights = PackedWeights(), gpu = runtime.gpuWeights
        (packedWeights, deviceWeights) = ({ _, _ in weights }, { device in gpu.flatMap { $0.device === device ? $0 : nil } ?? DeviceWeights(device) })
        weightBytes = { weights.byteCount + (gpu?.byteCount ?? 0) }
        team = { () throws(OpsinError) in try runtime.team(threads: threads) }
        allowsCPUFallback = false
    }

    /// The same, with weights on the device that nobody else uses: for devices that are opened to be measured.
    var alone: PlanResources {
        var alone = self
        alone.deviceWeights = { DeviceWeights($0) }
        return alone
    }

    /// `graph` on the CPU in fp32: as exact as any GPU.
    func cpuPlan(_ graph: Graph) throws(PlanFailure) -> CPUPlan {
        let (isa, team): (ISA, CPUTeam)
        do { (isa, team) = (try Backend.chosenISA(), try self.team()) } catch { throw PlanFailure(error.description) }
        do { return try CPUPlan(graph, team: team, weights: packedWeights(isa, .fp32), isa: isa) } catch { throw PlanFailure(error) }
    }
}
