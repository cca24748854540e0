internal import Opsin

/// One task over many photos: a bad photo is complained about and does not cost the others their results.
struct ImageTask {
    let task: VisionTask
    let model: String?
    let common: CommonOptions

    init(_ task: VisionTask, model: String?, common: CommonOptions) {
        (self.task, self.model, self.common) = (task, model, common)
    }

    func run(_ images: [String], _ options: TaskOptions, show: (TaskResult, String) -> Void) throws {
        let runtime = try common.runtime()
        let model = try self.model.map { path throws(OpsinError) in try Model(runtime, path: path) } ?? Model(runtime, defaultFor: task)
        guard model.task == task else {
            throw OpsinError(.model, "\(model.path): a model to \(model.task.rawValue), expected one to \(task.rawValue)")
        }
        let session = try Session(model, common.sessionOptions())
        var progress = Progress(total: images.count, quiet: common.quiet)
        var failures: [OpsinError] = []
        var last: TaskResult?
        // What the runtime fell back to has been said.
        var told = Set(runtime.fallbacks)
        for path in images {
            do {
                let result = try session.run(Image(path: path), options)
                if common.json { Terminal.line(result.jsonText(image: path)) } else { show(result, path) }
                for fallback in result.report.fallbacks where !common.quiet && told.insert(fallback).inserted {
                    Terminal.complain("\(fallback.what): \(fallback.reason)")
                }
                last = result
            } catch {
                failures.append(error)
                Terminal.complain(error.description)
                if common.json, images.count > 1 { Terminal.line(TaskResult.jsonText(image: path, task: task, error: error)) }
            }
            progress.step()
        }
        if let last { try common.writeReport(last.report, last.timings) }
        guard let failure = failures.first else { return }
        // One photo alone: its error decides. Several: an input failed.
        throw InputsFailed(code: images.count == 1 ? ExitStatus(failure.code) : 1)
    }
}
