internal import Synchronization

/// Memory that C code was given to look at. It stays where it is until the owner, a handle's object, goes.
@safe final class Lent: Sendable {
    /// Allocations are freed only when nobody can reach the owner any more.
    private struct State {
        var blocks: [Address] = []
        var texts: [String: Address] = [:]
    }

    private let state = Mutex(State())

    init() {}

    deinit {
        state.withLock { state in
            for block in state.blocks { unsafe block.pointer.deallocate() }
        }
    }

    /// A copy of `values`; never NULL, also when there are none.
    func array<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
        let place = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
        unsafe values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { unsafe place.initialize(from: base, count: source.count) }
        }
        unsafe keep(place)
        return unsafe UnsafePointer(place)
    }

    /// A copy of `text` that ends with a zero; the same text gives the same address.
    func text(_ text: String) -> UnsafePointer<CChar> {
        if let known = state.withLock({ $0.texts[text] }) { return unsafe known.pointer.assumingMemoryBound(to: CChar.self) }
        let pointer = unsafe array(text.utf8.map { CChar(bitPattern: $0) } + [0])
        let address = unsafe Address(pointer)
        state.withLock { $0.texts[text] = address }
        return unsafe pointer
    }

    /// Copies of `texts`.
    func texts(_ texts: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
        let place = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: max(texts.count, 1))
        for (index, entry) in texts.enumerated() { unsafe (place + index).initialize(to: text(entry)) }
        unsafe keep(place)
        return unsafe UnsafePointer(place)
    }

    private func keep(_ block: UnsafeRawPointer) {
        let address = unsafe Address(block)
        state.withLock { $0.blocks.append(address) }
    }
}

/// An address on its way through a lock. Sound: what it points to is never written after it was made.
@safe struct Address: @unchecked Sendable {
    let pointer: UnsafeRawPointer

    init(_ pointer: UnsafeRawPointer) { unsafe self.pointer = pointer }
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
