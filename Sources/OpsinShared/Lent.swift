internal import Synchronization

/// Memory that C code was given to look at. It stays where it is until the owner, a handle's object, goes.
@safe final class Lent: Sendable {
    private struct State {
        // Allocations are only ever freed here, when nobody can reach the owner any more.
        nonisolated(unsafe) var blocks: [UnsafeMutableRawPointer] = []
        nonisolated(unsafe) var texts: [String: UnsafePointer<CChar>] = [:]
    }

    private let state = Mutex(State())

    init() {}

    deinit {
        state.withLock { state in
            for block in unsafe state.blocks { unsafe block.deallocate() }
        }
    }

    /// A copy of `values`; never NULL, also when there are none.
    func array<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
        let place = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
        unsafe values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { unsafe place.initialize(from: base, count: source.count) }
        }
        keep(UnsafeMutableRawPointer(place))
        return unsafe UnsafePointer(place)
    }

    /// A copy of `text` that ends with a zero; the same text gives the same address.
    func text(_ text: String) -> UnsafePointer<CChar> {
        if let known = unsafe state.withLock({ unsafe $0.texts[text].map(Address.init) }) { return unsafe known.pointer }
        let pointer = unsafe array(text.utf8.map { CChar(bitPattern: $0) } + [0])
        unsafe state.withLock { unsafe $0.texts[text] = pointer }
        return unsafe pointer
    }

    /// Copies of `texts`.
    func texts(_ texts: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
        let pointers: [UnsafePointer<CChar>?] = unsafe texts.map { unsafe text($0) }
        let place = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: max(pointers.count, 1))
        for (index, pointer) in unsafe pointers.enumerated() { unsafe (place + index).initialize(to: pointer) }
        keep(UnsafeMutableRawPointer(place))
        return unsafe UnsafePointer(place)
    }

    private func keep(_ block: UnsafeMutableRawPointer) {
        let block = Address(UnsafePointer(block.assumingMemoryBound(to: CChar.self)))
        state.withLock { unsafe $0.blocks.append(UnsafeMutableRawPointer(mutating: block.pointer)) }
    }
}

/// An address on its way through a lock. Sound: what it points to is never written after it was made.
@safe struct Address: @unchecked Sendable {
    let pointer: UnsafePointer<CChar>

    init(_ pointer: UnsafePointer<CChar>) { unsafe self.pointer = pointer }
}

/// A text of the program itself, for functions whose answer lives as long as the process.
@safe struct StaticText: @unchecked Sendable {
    let pointer: UnsafePointer<CChar>

    /// The copy is never freed: made once per text, by globals.
    init(_ text: String) {
        let bytes = text.utf8.map { CChar(bitPattern: $0) } + [0]
        let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (place + index).initialize(to: byte) }
        unsafe pointer = UnsafePointer(place)
    }

    static let empty = StaticText("")
}
