internal import COpsin
private import Glibc
internal import Synchronization

/// The live handles of one type, with their reference counts.
///
/// A handle is no address: it is a number that is never given twice and that no table of another type has. So a wrong, released or invented handle is
/// always found out before anything is read through it, at the cost of a short lock and a look-up per call.
@safe final class HandleTable<Object: Sendable>: Sendable {
    private struct Entry {
        let object: Object
        var references: Int
        /// The process that made it.
        let process: pid_t
    }

    private struct State {
        var last: UInt = 0
        var entries: [UInt: Entry] = [:]
        /// Objects of the parent that a child after `fork()` released. They stay: to end them would wait for threads and drivers that only the parent has.
        var inherited: [Object] = []
    }

    /// The C type, for messages.
    private let type: String
    private let kind: UInt
    private let state = Mutex(State())

    /// `kind` is 1 to 15 and each table's own.
    init(_ type: String, kind: UInt) { (self.type, self.kind) = (type, kind) }

    /// A new handle with one reference.
    func add(_ object: Object) -> OpaquePointer? {
        let token = state.withLock { state in
            state.last &+= 1
            let token = HandleTable.mark | state.last << 8 | kind << 4
            state.entries[token] = Entry(object: object, references: 1, process: getpid())
            return token
        }
        return unsafe OpaquePointer(bitPattern: token)
    }

    /// What a handle stands for.
    func object(_ handle: OpaquePointer?, _ name: String) throws(Failure) -> Object {
        guard let handle = unsafe handle else { throw .null(name) }
        guard let object = unsafe find(handle) else { throw Failure(OPSIN_E_ARGUMENT, "\(name) is no \(type), or was released") }
        return object
    }

    /// What a handle stands for; nil for NULL and for what is none.
    func find(_ handle: OpaquePointer?) -> Object? {
        let token = UInt(bitPattern: handle)
        return state.withLock { $0.entries[token]?.object }
    }

    /// Every live object.
    func all() -> [Object] { state.withLock { state in state.entries.values.map(\.object) } }

    func retain(_ handle: OpaquePointer?) {
        let token = UInt(bitPattern: handle)
        state.withLock { $0.entries[token]?.references += 1 }
    }

    /// Ends a reference. The object goes, with the last one, outside the lock: that may take long.
    func release(_ handle: OpaquePointer?) {
        let token = UInt(bitPattern: handle)
        let last: Object? = state.withLock { state in
            guard let entry = state.entries[token] else { return nil }
            if entry.references > 1 {
                state.entries[token]?.references -= 1
                return nil
            }
            state.entries[token] = nil
            guard entry.process == getpid() else {
                state.inherited.append(entry.object)
                return nil
            }
            return entry.object
        }
        withExtendedLifetime(last) {}
    }

    /// Ends every reference and answers what the handle stood for; nil for NULL and for what is none.
    func remove(_ handle: OpaquePointer?) -> Object? {
        let token = UInt(bitPattern: handle)
        return state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: token) else { return nil }
            guard entry.process == getpid() else {
                state.inherited.append(entry.object)
                return nil
            }
            return entry.object
        }
    }

    /// High bits that no address of a user's program has on 64-bit machines, so that reading through a handle stops a debugger at once.
    private static var mark: UInt { UInt.bitWidth == 64 ? 0x0B51 << (UInt.bitWidth - 16) : 0 }
}
