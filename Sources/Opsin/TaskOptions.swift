/// What a task reports of what the model found. A value a run, not a property of the session.
public struct TaskOptions: Hashable, Sendable {
    /// Classes: at most this many, best first; 0 is all.
    public var topK = 5
    /// Only scores above this; nil is no limit for classes.
    public var threshold: Float?
    /// Only these labels, by name or by id in decimal; empty is all.
    public var allow: Set<String> = []
    /// Not these labels, by name or by id in decimal.
    public var deny: Set<String> = []

    public init() {}

    /// Whether a label may be reported.
    func admits(_ id: Int, _ label: String) -> Bool {
        if !allow.isEmpty, !allow.contains(label), !allow.contains(String(id)) { return false }
        return deny.isEmpty || !(deny.contains(label) || deny.contains(String(id)))
    }
}
