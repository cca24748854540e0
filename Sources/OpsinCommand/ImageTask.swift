internal import Opsin

/// One task over many photos: a bad photo is complained about and does not cost the others their results.
struct ImageTask {
    let task: VisionTask
    let model: String?
    let input: InputOptions
    let common: CommonOptions
    /// Session.Options.depthScale
    var depthScale = 1

    init(_ task: VisionTask, model: String?, input: InputOptions, common: CommonOptions) {
        (self.task, self.model, self.input, self.common) = (task, model, input, common)
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
        try input.apply(to: &sessionOptions)
        let session = try Session(model, sessionOptions)
        var progress = Progress(total: images.count, quiet: common.quiet)
        var failures: [OpsinError] = []
        var last: TaskResult?
        // What the runtime fell back to has been said.
        var told = Set(runtime.fallbacks)
        for (path, outcome) in Outcomes(images, session, options, needsPixels: needsPixels || input.batch > 1, threads: common.threads) {
            do throws(OpsinError) {
                let (result, image) = try outcome.get()
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

/// What came of each photo, in order: decoded and run as many at a time as go through the network together, when somebody asks for the next.
private struct Outcomes: Sequence, IteratorProtocol {
    typealias Outcome = Swift.Result<(result: TaskResult, image: Image?), OpsinError>

    private var paths: ArraySlice<String>
    private var ready: ArraySlice<(path: String, outcome: Outcome)> = []
    private let session: Session
    private let options: TaskOptions
    private let needsPixels: Bool
    private let threads: Int

    init(_ paths: [String], _ session: Session, _ options: TaskOptions, needsPixels: Bool, threads: Int) {
        (self.paths, self.session, self.options, self.needsPixels, self.threads) = (paths[...], session, options, needsPixels, threads)
    }

    mutating func next() -> (path: String, outcome: Outcome)? {
        if ready.isEmpty {
            let part = paths.prefix(session.options.maximumBatch)
            paths = paths.dropFirst(part.count)
            ready = outcomes(part)[...]
        }
        return ready.popFirst()
    }

    private func outcomes(_ part: ArraySlice<String>) -> [(path: String, outcome: Outcome)] {
        guard needsPixels else {
            return part.map { path in (path, Outcome { () throws(OpsinError) in (try session.run(path: path, options), nil) }) }
        }
        let images = part.map { path in Swift.Result { () throws(OpsinError) in try Image(path: path, threads: threads) } }
        var answers = session.run(batch: images.compactMap { try? $0.get() }, options).makeIterator()
        return zip(part, images).map { path, image in
            (path, image.flatMap { image in answers.next()?.map { ($0, image) } ?? .failure(OpsinError(.state, "\(path): has no answer")) })
        }
    }
}
