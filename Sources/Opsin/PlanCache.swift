/// The plans of a session by input shape, the least recently used one dropped first.
struct PlanCache {
    struct Key: Hashable {
        let batch: Int
        let height: Int
        let width: Int
    }

    private let limit: Int
    /// Most recent last.
    private var entries: [(key: Key, plan: CompiledPlan)] = []

    /// Bytes of all plans: activations and scratch.
    var bytes: Int { entries.reduce(0) { $0 + $1.plan.byteCount } }

    /// Of these, the bytes that are a GPU's.
    var deviceBytes: Int { entries.reduce(0) { $0 + $1.plan.deviceBytes } }

    mutating func removeAll() { entries.removeAll() }

    init(limit: Int) { self.limit = limit }

    func holds(_ key: Key) -> Bool { entries.contains { $0.key == key } }

    mutating func plan(for key: Key) -> CompiledPlan? {
        guard let index = entries.lastIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        entries.append(entry)
        return entry.plan
    }

    mutating func insert(_ plan: CompiledPlan, for key: Key) {
        if entries.count >= limit { entries.removeFirst() }
        entries.append((key, plan))
    }
}
