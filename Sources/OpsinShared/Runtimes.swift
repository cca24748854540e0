public import COpsin
internal import Opsin
internal import OpsinModels

extension Runtime.Options {
    /// The caller's options but for the device.
    init(_ asked: opsin_runtime_options) throws(Failure) {
        try checkFlags(unsafe asked.flags, known: [OPSIN_RUNTIME_NO_CPU_FALLBACK, OPSIN_RUNTIME_DETERMINISTIC], "flags")
        _ = try unsafe settings(asked.extra, known: [])
        // Every device gives the same bits every time as it is.
        self.init()
        allowsCPUFallback = unsafe asked.flags & OPSIN_RUNTIME_NO_CPU_FALLBACK == 0
        cacheFolder = unsafe optionalText(asked.cache_dir)
    }
}

@c @implementation
public func opsin_runtime_create(_ options: UnsafePointer<opsin_runtime_options>?, _ runtime: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    unsafe give(runtime, "runtime") { () throws(Failure) in
        let asked = try unsafe readOrDefault(options, "options")
        var chosen = try unsafe Runtime.Options(asked)
        let device = unsafe optionalText(asked.device) ?? "auto"
        chosen.device = try opsin { () throws(OpsinError) in try DeviceSelection(parsing: device) }
        let made = try opsin { () throws(OpsinError) in try Runtime(chosen) }
        for fallback in made.fallbacks { log(OPSIN_LOG_WARNING, "\(fallback.what): \(fallback.reason)") }
        return unsafe Handles.runtimes.add(RuntimeObject(made))
    }
}

@c @implementation
public func opsin_runtime_retain(_ runtime: OpaquePointer?) { unsafe Handles.runtimes.retain(runtime) }

@c @implementation
public func opsin_runtime_release(_ runtime: OpaquePointer?) { unsafe Handles.runtimes.release(runtime) }

@c @implementation
public func opsin_runtime_device(_ runtime: OpaquePointer?, _ info: UnsafeMutablePointer<opsin_device_info>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe describe(Handles.runtimes.object(runtime, "runtime").runtime.device, into: info) }
}

@c @implementation
public func opsin_runtime_report_json(_ runtime: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> opsin_status {
    unsafe lend(json, "json") { () throws(Failure) in
        let object = try unsafe Handles.runtimes.object(runtime, "runtime")
        let device = object.runtime.device
        let report: JSON = [
            "schema_version": 1,
            "device": ["kind": .string(device.kind.rawValue), "name": .string(device.name)],
            "isa": .string(device.features.first { !$0.contains("_") } ?? ""),
            "fallbacks": .array(object.runtime.fallbacks.map { ["what": .string($0.what), "reason": .string($0.reason)] }),
        ]
        return unsafe object.lent.text(report.text)
    }
}

extension opsin_memory {
    /// `weights` and `activations` are all bytes; `deviceWeights` and `deviceActivations` those of them that are a GPU's.
    init(weights: Int, activations: Int, deviceWeights: Int, deviceActivations: Int) {
        self.init()
        self.weights = UInt64(clamping: weights)
        self.activations = UInt64(clamping: activations)
        device_now = UInt64(clamping: deviceWeights) &+ UInt64(clamping: deviceActivations)
        host_now = self.weights &+ self.activations &- device_now
        (host_peak, device_peak) = (host_now, device_now)
    }
}

extension RuntimeObject {
    /// What all models and sessions of this runtime hold that have a handle.
    func memory() -> opsin_memory {
        let models = Handles.models.all().filter { $0.runtime === self }.map(\.model)
        let sessions = Handles.sessions.all().filter { $0.model.runtime === self }.map(\.session)
        var memory = opsin_memory(
            weights: models.reduce(0) { $0 + $1.packedBytes }, activations: sessions.reduce(0) { $0 + $1.planBytes },
            deviceWeights: models.reduce(0) { $0 + $1.devicePackedBytes }, deviceActivations: sessions.reduce(0) { $0 + $1.devicePlanBytes })
        (memory.host_peak, memory.device_peak) = peak(host: memory.host_now, device: memory.device_now)
        return memory
    }
}

@c @implementation
public func opsin_runtime_memory(_ runtime: OpaquePointer?, _ memory: UnsafeMutablePointer<opsin_memory>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.runtimes.object(runtime, "runtime").memory(), to: memory, "memory") }
}

@c @implementation
public func opsin_runtime_trim(_ runtime: OpaquePointer?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.runtimes.object(runtime, "runtime")
        for session in Handles.sessions.all() where session.model.runtime === object { session.session.dropIdlePlans() }
    }
}
