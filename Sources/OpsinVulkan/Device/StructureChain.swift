internal import CVulkan

/// Structures linked through `pNext`, at addresses that do not move while the chain lives.
@safe final class StructureChain {
    private var owned: [UnsafeMutableRawPointer] = unsafe []
    /// The first structure of the chain, for the `pNext` of the structure that is passed.
    private(set) var head: UnsafeMutableRawPointer?

    /// Copies `structure` (any Vulkan structure with `sType` and `pNext`) to the front of the chain.
    func add<Structure: BitwiseCopyable>(_ structure: Structure) -> UnsafeMutablePointer<Structure> {
        let place = UnsafeMutablePointer<Structure>.allocate(capacity: 1)
        unsafe place.initialize(to: structure)
        let raw = UnsafeMutableRawPointer(place)
        // Sound: every Vulkan structure that can be chained begins like VkBaseOutStructure.
        unsafe raw.assumingMemoryBound(to: VkBaseOutStructure.self).pointee.pNext = head?.assumingMemoryBound(to: VkBaseOutStructure.self)
        unsafe head = raw
        unsafe owned.append(raw)
        return unsafe place
    }

    deinit {
        unsafe owned.forEach { unsafe $0.deallocate() }
    }
}

/// Both calls of Vulkan's two-call idiom: count, then fill.
func enumerate<Element>(_ empty: Element, _ call: (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Element>?) -> VkResult) -> [Element] {
    // A device may come or go between the calls: three tries.
    for _ in 0..<3 {
        var count: UInt32 = 0
        guard unsafe call(&count, nil) == VK_SUCCESS, count > 0, count < 65_536 else { return [] }
        var list = [Element](repeating: empty, count: Int(count))
        let result = unsafe list.withUnsafeMutableBufferPointer { unsafe call(&count, $0.baseAddress) }
        if result == VK_SUCCESS { return Array(list.prefix(Int(count))) }
        guard result == VK_INCOMPLETE else { return [] }
    }
    return []
}

/// The text of a fixed C array of characters, up to its first zero.
func text<Characters: BitwiseCopyable>(_ characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
