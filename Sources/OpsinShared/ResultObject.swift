internal import COpsin
internal import Opsin
internal import Synchronization

/// What an `opsin_result` stands for: what a run gave, or why it gave nothing.
final class ResultObject: Sendable {
    /// The task's answer; nil for results of `opsin_run_tensors` and for images that failed.
    let answer: TaskResult?
    let failure: Failure?
    let task: VisionTask
    let timestamp: Int64
    let timings: Timings
    let report: Report?
    /// Outputs and features that the caller may look at.
    let tensors: [LentTensor]
    let lent = Lent()
    /// Labels of the model.
    let labelCount: Int
    /// Whether a mask was cut into regions.
    let hasRegions: Bool
    let maskViews = MaskViews()
    let detectionsView = DetectionsView()
    /// The classes as arrays, made at the first look.
    private let classesView = Mutex<Shown?>(nil)

    init(_ result: TaskResult, _ settings: TaskSettings, labelCount: Int, features: [String] = []) {
        let features = features + (settings.options.wantsProbabilities ? ["probabilities"] : [])
        let shown = result.tensors.filter { settings.keepsLogits || features.contains($0.name) }
        (self.labelCount, hasRegions) = (labelCount, settings.options.wantsRegions)
        (answer, failure, task, timestamp) = (result, nil, result.task, result.timestampMicroseconds)
        (timings, report, tensors) = (result.timings, result.report, shown.map(LentTensor.init))
    }

    init(_ outputs: [Tensor], milliseconds: Double, _ report: Report) {
        var timings = Timings()
        timings.run = milliseconds
        (answer, failure, task, timestamp, labelCount, hasRegions) = (nil, nil, .features, 0, 0, false)
        (self.timings, self.report, tensors) = (timings, report, outputs.map(LentTensor.init))
    }

    /// An image of a batch or a stream that failed.
    init(_ failure: Failure, task: VisionTask, timestamp: Int64 = 0) {
        (answer, self.failure, self.task, self.timestamp, labelCount, hasRegions) = (nil, failure, task, timestamp, 0, false)
        (timings, report, tensors) = (Timings(), nil, [])
    }

    /// The answer, if it is one of that task.
    func answer(of task: VisionTask) throws(Failure) -> TaskResult {
        if let failure { throw Failure(OPSIN_E_STATE, "the image failed: \(failure.message)") }
        guard let answer, answer.task == task else {
            throw Failure(OPSIN_E_STATE, "the result is of \(answer.map { "task \($0.task.rawValue)" } ?? "tensors"), expected task \(task.rawValue)")
        }
        return answer
    }

    /// The classes as arrays.
    func classes() throws(Failure) -> opsin_classes {
        let found = try answer(of: .classify).classes
        let shown = classesView.withLock { shown in
            if let shown { return shown }
            var view = unsafe opsin_classes()
            unsafe view.count = UInt32(clamping: found.count)
            unsafe view.label_id = lent.array(found.map { Int32(clamping: $0.labelID) })
            unsafe view.score = lent.array(found.map(\.score))
            unsafe view.label = lent.texts(found.map(\.label))
            let made = unsafe Shown(view)
            shown = made
            return made
        }
        return unsafe shown.view
    }
}

/// What is wanted of a session's results, for those that come later. Holds nothing of the session.
struct ResultForm: Sendable {
    let settings: TaskSettings
    let task: VisionTask
    private let labelCount: Int
    private let features: [String]

    init(_ session: SessionObject) {
        (settings, task) = (session.settings, session.model.model.task)
        (labelCount, features) = (session.model.model.labels.count, session.session.options.features)
    }

    func object(_ result: TaskResult) -> ResultObject { ResultObject(result, settings, labelCount: labelCount, features: features) }
}

/// A view on its way out of a lock. Sound: the arrays are never written again.
@safe private struct Shown: @unchecked Sendable {
    let view: opsin_classes

    init(_ view: opsin_classes) { unsafe self.view = view }
}
