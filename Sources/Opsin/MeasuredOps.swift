internal import OpsinGraph

/// The times of a session's ops, summed over its runs.
struct MeasuredOps {
    private struct Sum {
        let step: StepReport
        var nanoseconds: Double
        var runs: Int
    }

    private(set) var runs = 0
    /// In the order of the first plan that had each.
    private var sums: [Sum] = []
    private var places: [String: Int] = [:]

    /// Adds one run of `plan`.
    mutating func add(_ nanoseconds: [Double], of plan: CompiledPlan) {
        runs += 1
        for (step, time) in zip(plan.steps, nanoseconds) {
            let key = "\(step.node) \(step.kernel) \(step.output)"
            if let place = places[key] {
                sums[place].nanoseconds += time
                sums[place].runs += 1
            } else {
                places[key] = sums.count
                sums.append(Sum(step: step, nanoseconds: time, runs: 1))
            }
        }
    }

    /// Mean time of each op.
    var ops: [OpProfile] {
        sums.map {
            OpProfile(
                name: $0.step.node, op: $0.step.op, kernel: $0.step.kernel, milliseconds: $0.nanoseconds * 1e-6 / Double($0.runs),
                flops: $0.step.cost.flops, bytes: $0.step.cost.bytes(elementBytes: 4))
        }
    }
}

extension Session {
    /// Mean time of each op over the runs so far, and their number. Empty unless `Options.measuresOps`; nil while a call is inside.
    public func measuredOps() -> (runs: Int, ops: [OpProfile])? {
        door.whenIdle { (lane.state.measured.runs, lane.state.measured.ops) }
    }
}
