internal import Opsin

/// One task over many photos: a bad photo is complained about and does not cost the others their results.
struct ImageTask {
    let task: VisionTask
    let model: String?
    let common: CommonOptions
    /// Session.Options.depthScale
    var depthScale = 1

    init(_ task: VisionTask, model: String?, common: CommonOptions) {
        (self.task, self.model, self.common) = (task, model, common)
    }

    /// - Parameters:
    ///   - needsPixels: `keep` wants the decoded photo.
    ///   - keep: writes what a result leaves behind beside what is printed; its failure is the photo's.
    ///   - json: the line of a result.
    ///   - show: prints a result for people.
    func run(
        _ images: [String], _ options: TaskOptions, needsPixels: Bool = false,
        keep: (TaskResult, Image?, String) throws(OpsinError) -> Void = { (_, _, _) throws(OpsinError) in },
        json: (TaskResult, String) -> String = { $0.jsonText(image: $1) }, show: (TaskResult, String) -> Void
    ) throws {
        let runtime = try common.runtime()
        let model = try self.model.map { path throws(OpsinError) in try Model(runtime, path: path) } ?? Model(runtime, defaultFor: task)
        guard model.task == task else {
            throw OpsinError(.model, "\(model.path): a model to \(model.task.rawValue), expected one to \(task.rawValue)")
        }
        try model.check(options)
        var sessionOptions = try common.sessionOptions()
        sessionOptions.depthScale = depthScale
        let session = try Session(model, sessionOptions)
        var progress = Progress(total: images.count, quiet: common.quiet)
        var failures: [OpsinError] = []
        var last: TaskResult?
        // What the runtime fell back to has been said.
        var told = Set(runtime.fallbacks)
        for path in images {
            do throws(OpsinError) {
                let image = needsPixels ? try Image(path: path, threads: common.threads) : nil
                let result: TaskResult
                if let image { result = try session.run(image, options) } else { result = try session.run(path: path, options) }
                try keep(result, image, path)
                if common.json { Terminal.line(json(result, path)) } else { show(result, path) }
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
