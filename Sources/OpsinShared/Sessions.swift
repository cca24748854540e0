public import COpsin
internal import Opsin
internal import OpsinModels

/// The settings that `extra` and `opsin_session_set` take.
private let sessionKeys = ["timeout_ms", "preprocess", "postprocess"]

extension Precision {
    /// The precision of an OPSIN_PRECISION_* number.
    init(number: UInt32) throws(Failure) {
        switch number {
        case OPSIN_PRECISION_DEFAULT: self = .default
        case OPSIN_PRECISION_FP32: self = .fp32
        case OPSIN_PRECISION_FP16: self = .fp16
        case OPSIN_PRECISION_BF16: self = .bf16
        case OPSIN_PRECISION_INT8: self = .int8
        case OPSIN_PRECISION_AUTO: self = .auto
        default: throw Failure(OPSIN_E_ARGUMENT, "precision is \(number), expected OPSIN_PRECISION_DEFAULT (0) to OPSIN_PRECISION_AUTO (5)")
        }
    }
}

/// What a setting does to the runs that follow.
private func change(_ key: String, _ value: String) throws(Failure) -> (inout Session.Settings) -> Void {
    guard sessionKeys.contains(key) else { throw unknownKey(key, sessionKeys) }
    if key == "timeout_ms" {
        guard let milliseconds = UInt32(value) else { throw Failure(OPSIN_E_ARGUMENT, "\(key) is \"\(value.prefix(80))\", expected milliseconds") }
        return { (settings: inout Session.Settings) in settings.timeoutMilliseconds = Int(milliseconds) }
    }
    let places: [String: (PreprocessingPlace, PostprocessingPlace)] = [
        "auto": (.automatic, .automatic), "cpu": (.cpu, .cpu), "device": (.device, .device),
    ]
    guard let place = places[value] else { throw Failure(OPSIN_E_ARGUMENT, "\(key) is \"\(value.prefix(80))\", expected auto, cpu or device") }
    return { (settings: inout Session.Settings) in
        if key == "preprocess" { settings.preprocessing = place.0 } else { settings.postprocessing = place.1 }
    }
}

/// The caller's options as ours.
private func sessionOptions(_ asked: opsin_session_options, _ model: ModelObject) throws(Failure) -> Session.Options {
    try checkFlags(unsafe asked.flags, known: [OPSIN_SESSION_PROFILE], "flags")
    var changed = Session.Settings()
    changed.timeoutMilliseconds = unsafe Int(asked.timeout_ms)
    for (key, value) in try unsafe settings(asked.extra, known: sessionKeys) { try change(key, value)(&changed) }
    guard unsafe [0, 1, 4, 8].contains(asked.depth_scale) else {
        throw Failure(OPSIN_E_ARGUMENT, "depth_scale is \(unsafe asked.depth_scale), expected 1, 4 or 8")
    }
    guard unsafe asked.max_batch <= 1024, unsafe asked.kept_plans <= 64 else {
        throw Failure(OPSIN_E_ARGUMENT, "max_batch is \(unsafe asked.max_batch), kept_plans is \(unsafe asked.kept_plans), expected at most 1024 and 64")
    }
    var options = Session.Options()
    options.precision = try unsafe Precision(number: asked.precision)
    options.threads = unsafe Int(asked.threads)
    if unsafe asked.depth_scale != 0 { options.depthScale = unsafe Int(asked.depth_scale) }
    options.settings = changed
    if unsafe asked.max_batch > 0 { options.maximumBatch = unsafe Int(asked.max_batch) }
    (options.inputHeight, options.inputWidth) = unsafe (Int(asked.input_height), Int(asked.input_width))
    if unsafe asked.kept_plans > 0 { options.keptPlans = unsafe Int(asked.kept_plans) }
    options.measuresOps = unsafe asked.flags & OPSIN_SESSION_PROFILE != 0
    options.features = unsafe (optionalText(asked.features) ?? "").split(separator: ",").map(String.init)
    if let unknown = options.features.first(where: { !model.features.contains($0) }) {
        throw Failure(OPSIN_E_NOT_FOUND, "\(model.model.path): no feature \"\(unknown.prefix(80))\" (opsin_model_feature() lists \(model.features.count))")
    }
    return options
}

@c @implementation
public func opsin_session_create(
    _ model: OpaquePointer?, _ options: UnsafePointer<opsin_session_options>?, _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(session, "session") { () throws(Failure) in
        let object = try unsafe Handles.models.object(model, "model")
        try object.runtime.checkProcess()
        let chosen = try unsafe sessionOptions(readOrDefault(options, "options"), object)
        do throws(OpsinError) {
            return unsafe Handles.sessions.add(SessionObject(try Session(object.model, chosen), object))
        } catch {
            throw Failure(error)
        }
    }
}

@c @implementation
public func opsin_session_retain(_ session: OpaquePointer?) { unsafe Handles.sessions.retain(session) }

@c @implementation
public func opsin_session_release(_ session: OpaquePointer?) { unsafe Handles.sessions.release(session) }

@c @implementation
public func opsin_session_set(_ session: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?) -> opsin_status {
    answer { () throws(Failure) in
        try unsafe inside(session) { (object) throws(Failure) in
            let apply = try unsafe change(text(key, "key"), text(value, "value"))
            try opsin { () throws(OpsinError) in try object.session.adjust(apply) }
        }
    }
}

@c @implementation
public func opsin_session_warmup(_ session: OpaquePointer?, _ runs: UInt32) -> opsin_status {
    answer { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            // Compiling ends with one run.
            for _ in 0..<max(runs, 1) { try opsin { () throws(OpsinError) in try session.session.warmUp() } }
        }
    }
}

/// The caller's list of labels; each must be one of the model's.
private func labels(_ list: UnsafePointer<UnsafePointer<CChar>?>?, _ count: UInt32, _ model: Model, _ name: String) throws(Failure) -> Set<String> {
    guard count > 0 else { return [] }
    guard let list = unsafe list, count <= 65536 else { throw Failure(OPSIN_E_ARGUMENT, "\(name) is NULL, or has more than 65536 labels: \(count)") }
    var labels: Set<String> = []
    for index in 0..<Int(count) {
        let label = try unsafe text(list[index], "\(name)[\(index)]")
        guard model.labels.contains(label) || Int(label).map({ model.labels.indices.contains($0) }) ?? false else {
            throw Failure(OPSIN_E_NOT_FOUND, "\(name): the model has no label \"\(label.prefix(80))\"")
        }
        labels.insert(label)
    }
    return labels
}

@c @implementation
public func opsin_session_configure(_ session: OpaquePointer?, _ options: UnsafePointer<opsin_task_options>?) -> opsin_status {
    answer { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            let asked = try unsafe readOrDefault(options, "options")
            let known = [OPSIN_TASK_NO_CLIP, OPSIN_TASK_LOGITS, OPSIN_TASK_CONFIDENCE, OPSIN_TASK_PROBABILITIES, OPSIN_TASK_REGIONS]
            try checkFlags(unsafe asked.flags, known: known, "flags")
            let threshold = unsafe asked.threshold
            guard threshold <= 1 else { throw Failure(OPSIN_E_ARGUMENT, "threshold is \(threshold), expected at most 1") }
            guard unsafe [OPSIN_FIT_MODEL, OPSIN_FIT_WHOLE].contains(asked.fit) else {
                throw Failure(OPSIN_E_ARGUMENT, "fit is \(unsafe asked.fit), expected OPSIN_FIT_MODEL or OPSIN_FIT_WHOLE")
            }
            guard unsafe asked.allow_count == 0 || asked.deny_count == 0 else { throw Failure(OPSIN_E_ARGUMENT, "both allow and deny are given, expected one") }
            var settings = TaskSettings()
            if unsafe asked.top_k > 0 { settings.options.topK = unsafe Int(asked.top_k) }
            if threshold != 0 { settings.options.threshold = threshold }
            settings.options.maximumCount = unsafe Int(asked.max_count)
            settings.options.clipsBoxes = unsafe asked.flags & OPSIN_TASK_NO_CLIP == 0
            settings.options.allow = try unsafe labels(asked.allow, asked.allow_count, session.model.model, "allow")
            settings.options.deny = try unsafe labels(asked.deny, asked.deny_count, session.model.model, "deny")
            settings.options.fit = unsafe asked.fit == OPSIN_FIT_WHOLE ? .whole : .model
            settings.options.wantsConfidence = unsafe asked.flags & OPSIN_TASK_CONFIDENCE != 0
            settings.options.wantsProbabilities = unsafe asked.flags & OPSIN_TASK_PROBABILITIES != 0
            settings.options.wantsRegions = unsafe asked.flags & OPSIN_TASK_REGIONS != 0
            settings.keepsLogits = unsafe asked.flags & OPSIN_TASK_LOGITS != 0
            session.settings = settings
        }
    }
}

/// The text of `opsin_session_profile_json`; shares are of the sum of all ops.
private func profile(_ session: Session, _ runs: Int, _ ops: [OpProfile]) -> JSON {
    let total = ops.reduce(0) { $0 + $1.milliseconds }
    return [
        "device": .string(session.model.runtime.device.kind.rawValue), "precision": .string(session.precision.rawValue), "runs": .integer(runs),
        "ops": .array(
            ops.map { op in
                [
                    "name": .string(op.name), "op": .string(op.op), "kernel": .string(op.kernel), "ms": .number(op.milliseconds.rounded(places: 5)),
                    "gflops": .number(op.gflops.rounded(places: 2)), "gbytes_per_s": .number(op.gigabytesPerSecond.rounded(places: 2)),
                    "share": .number(total > 0 ? (op.milliseconds / total).rounded(places: 4) : 0),
                ]
            }),
    ]
}

@c @implementation
public func opsin_session_profile_json(_ session: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> opsin_status {
    unsafe lend(json, "json") { () throws(Failure) in
        try unsafe inside(session) { (object) throws(Failure) in
            guard object.session.options.measuresOps, let measured = object.session.measuredOps() else {
                throw Failure(OPSIN_E_STATE, "the session does not measure: it was not created with OPSIN_SESSION_PROFILE")
            }
            return unsafe object.lent.text(profile(object.session, measured.runs, measured.ops).text)
        }
    }
}

@c @implementation
public func opsin_session_memory(_ session: OpaquePointer?, _ memory: UnsafeMutablePointer<opsin_memory>?) -> opsin_status {
    answer { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            let held = session.session
            let now = opsin_memory(weights: 0, activations: held.planBytes, deviceWeights: 0, deviceActivations: held.devicePlanBytes)
            try unsafe write(now, to: memory, "memory")
        }
    }
}
