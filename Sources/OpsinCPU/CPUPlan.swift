private import CKernels
package import OpsinGraph
private import Glibc

/// A graph compiled for one input shape, one instruction set and one team: steps, an arena for activations, packed weights.
///
/// Running allocates nothing and takes no lock but the team's turn. One run at a time; the caller sees to that.
@safe package final class CPUPlan: @unchecked Sendable {
    // @unchecked: a session, which takes one call at a time, owns it.

    package let isa: ISA
    package let precision: CPUPrecision
    package let team: CPUTeam
    package let reports: [StepReport]
    package let inputs: [Graph.Port]
    package let outputs: [Graph.Port]
    /// The nodes of a quantised graph that run in fp32, and why.
    package let refusals: [QuantizationRefusal]
    /// Runs end between two steps once it is set; their outputs then mean nothing.
    package var stop: StopFlag?
    /// Bytes of the arena of activations, and of scratch.
    package let arenaBytes: Int
    package let scratchBytes: Int

    private let builder: CPUPlanBuilder
    private let kept: [CPUStep]
    private let steps: UnsafeMutableBufferPointer<opsin_step>
    private let scratch: AlignedMemory
    private let scratchStride: Int
    private let stepTimes: UnsafeMutableBufferPointer<UInt64>

    /// Compiles `graph`, which passes have been over. Packs weights that `weights` does not have yet. `isa` nil is the best one here.
    package init(_ graph: Graph, team: CPUTeam, weights: PackedWeights, isa: ISA? = nil, precision: CPUPrecision = .fp32) throws(CPUError) {
        let isa = try ISA.usable(isa)
        try precision.check(isa)
        let groups = RowChain.groups(graph, isa: isa, precision: precision)
        let builder = try CPUPlanBuilder(graph, groups: groups, isa: isa, precision: precision, team: team, weights: weights)
        var all: [CPUStep] = []
        var reports: [StepReport] = []
        for group in groups {
            if let chain = RowChain(graph, group: group, isa: isa, precision: precision) {
                let step = chain.step(builder)
                all.append(step)
                reports.append(StepReport(node: chain.name, op: chain.op, kernel: step.kernel, cost: chain.cost, output: chain.output))
                continue
            }
            let node = graph.nodes[group[0]]
            for (position, step) in try node.op.lower(node, builder).enumerated() {
                all.append(step)
                let cost = position == 0 ? node.cost : Cost()
                reports.append(StepReport(node: node.name, op: node.op.name, kernel: step.kernel, cost: cost, output: node.output.shape))
            }
        }
        if let failure = builder.failure { throw failure }
        Product.fetchWeightsAhead(all)
        // Two lines of distance, so that no two threads write to neighbouring lines.
        scratchStride = ((all.map(\.scratchBytes).max() ?? 0) + 4095) / 4096 * 4096 + 128
        scratch = try AlignedMemory(byteCount: scratchStride * team.threads)
        unsafe steps = .allocate(capacity: all.count)
        for (index, step) in all.enumerated() {
            unsafe steps.initializeElement(at: index, to: opsin_step(run: step.run, arguments: step.arguments.pointer, tasks: step.tasks))
        }
        unsafe stepTimes = .allocate(capacity: all.count)
        unsafe stepTimes.initialize(repeating: 0)
        (self.isa, self.precision, self.team, self.reports, self.builder, kept) = (isa, precision, team, reports, builder, all)
        (inputs, outputs, refusals) = (graph.inputs, graph.outputs, graph.quantizationRefusals)
        (arenaBytes, scratchBytes) = (builder.arena.byteCount, scratch.byteCount)
    }

    deinit {
        unsafe steps.deallocate()
        unsafe stepTimes.deallocate()
    }

    /// Lets `body` write input number `index`: fp32, NHWC, dense. Inputs are gone after a run; write each before every run.
    package func withInput<Result, Failure: Error>(_ index: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        let value = inputs[index].value
        return unsafe try body(UnsafeMutableBufferPointer(start: builder.pointer(value), count: value.shape.count))
    }

    /// Lets `body` read output number `index` of the last run: fp32, NHWC, dense.
    package func withOutput<Result, Failure: Error>(_ index: Int, _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result) throws(Failure) -> Result {
        let value = outputs[index].value
        return unsafe try body(UnsafeBufferPointer(start: builder.pointer(value), count: value.shape.count))
    }

    /// Computes the outputs from the inputs. With `timed` the time of each step is kept in `times`.
    package func run(timed: Bool = false) {
        let word = unsafe stop.map { unsafe UnsafePointer($0.word) }
        unsafe opsin_team_run_until(team.team, word, steps.baseAddress, steps.count, scratch.base, scratchStride, timed ? stepTimes.baseAddress : nil)
        withExtendedLifetime(stop) {}
    }

    /// Nanoseconds of each step of the last timed run, in the order of `reports`.
    package var times: [UInt64] { unsafe Array(stepTimes) }

    /// Copies inputs in, runs, copies outputs out. Throws when the number or length of the inputs is wrong.
    package func run(_ values: [[Float]], timed: Bool = false) throws(CPUError) -> [[Float]] {
        guard values.count == inputs.count else { throw CPUError("\(values.count) inputs given, expected \(inputs.count)") }
        for (index, value) in values.enumerated() {
            let expected = inputs[index].value.shape
            guard value.count == expected.count else {
                throw CPUError("input \(inputs[index].name) has \(value.count) values, expected \(expected.count) for \(expected)")
            }
            unsafe withInput(index) { place in _ = unsafe place.update(from: value) }
        }
        run(timed: timed)
        return outputs.indices.map { index in unsafe withOutput(index) { unsafe Array($0) } }
    }

    /// Fills the arena with NaN. For tests: a kernel that reads what nobody wrote then shows it.
    package func poison() {
        let floats = unsafe builder.arena.floats
        for index in 0..<builder.arena.byteCount / 4 { unsafe floats[index] = .nan }
    }
}
