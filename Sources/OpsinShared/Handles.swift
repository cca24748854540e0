internal import COpsin
internal import Glibc
internal import Opsin
internal import Synchronization

/// The tables of all handle types. What is in them is alive; everything a handle's object needs, it keeps alive itself.
enum Handles {
    static let runtimes = HandleTable<RuntimeObject>("opsin_runtime", kind: 1)
    static let models = HandleTable<ModelObject>("opsin_model", kind: 2)
    static let sessions = HandleTable<SessionObject>("opsin_session", kind: 3)
    static let pictures = HandleTable<PictureObject>("opsin_picture", kind: 4)
    static let inputs = HandleTable<InputObject>("opsin_input", kind: 5)
    static let results = HandleTable<ResultObject>("opsin_result", kind: 6)
    static let buffers = HandleTable<BufferObject>("opsin_buffer", kind: 9)
    static let streams = HandleTable<StreamObject>("opsin_stream", kind: 8)
    static let requests = HandleTable<RequestObject>("opsin_request", kind: 7)
}

/// What an `opsin_runtime` stands for.
final class RuntimeObject: Sendable {
    let runtime: Runtime
    let lent = Lent()
    /// Highest sum of bytes that was seen.
    private let peakBytes = Mutex<(host: UInt64, device: UInt64)>((0, 0))
    /// The process that made it: a child after `fork()` has none of its threads.
    private let process = getpid()

    init(_ runtime: Runtime) { self.runtime = runtime }

    /// The highest of all sums so far and this one.
    func peak(host: UInt64, device: UInt64) -> (host: UInt64, device: UInt64) {
        peakBytes.withLock { peak in
            peak = (max(peak.host, host), max(peak.device, device))
            return peak
        }
    }

    func checkProcess() throws(Failure) {
        guard getpid() == process else {
            throw Failure(OPSIN_E_STATE, "the runtime was created in process \(process), before fork(): create one here, or use exec or spawn")
        }
    }
}

/// What an `opsin_model` stands for.
@safe final class ModelObject: Sendable {
    let model: Model
    let runtime: RuntimeObject
    let lent = Lent()
    let inputs: [TensorDescription]
    let outputs: [TensorDescription]
    let features: [String]
    /// One colour per label, at least one; lives in `lent` and is never written again.
    nonisolated(unsafe) let palette: UnsafePointer<UInt8>

    init(_ model: Model, _ runtime: RuntimeObject) throws(Failure) {
        (self.model, self.runtime) = (model, runtime)
        let ports = try opsin { () throws(OpsinError) in try model.tensors() }
        (inputs, outputs, features) = (ports.inputs, ports.outputs, ports.features)
        unsafe palette = lent.palette(max(model.labels.count, 1), model.task)
    }
}

/// What an `opsin_session` stands for: the session, what is wanted of its results, and the guard at its door.
final class SessionObject: Sendable {
    let session: Session
    let model: ModelObject
    let lent = Lent()
    private let lockedSettings = Mutex(TaskSettings())
    /// Wider than the session's own: preprocessing and the settings are inside too.
    let door = SessionDoor()

    init(_ session: Session, _ model: ModelObject) { (self.session, self.model) = (session, model) }

    /// What `opsin_session_configure` set last.
    var settings: TaskSettings {
        get { lockedSettings.withLock { $0 } }
        set { lockedSettings.withLock { $0 = newValue } }
    }

    /// Runs `body` unless another call is inside.
    func enter<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        try model.runtime.checkProcess()
        guard door.enter() else { throw Failure(OPSIN_E_BUSY, Session.busy) }
        defer { door.leave() }
        return try body()
    }
}

/// What `opsin_session_configure` sets.
struct TaskSettings: Sendable {
    var options = TaskOptions()
    var keepsLogits = false
}

/// What an `opsin_picture` stands for.
final class PictureObject: Sendable {
    let image: Image

    init(_ image: Image) { self.image = image }
}

/// Finds the session and runs `body` inside it.
func inside<Value>(_ handle: OpaquePointer?, _ body: (SessionObject) throws(Failure) -> Value) throws(Failure) -> Value {
    let object = try unsafe Handles.sessions.object(handle, "session")
    return try object.enter { () throws(Failure) in try body(object) }
}
