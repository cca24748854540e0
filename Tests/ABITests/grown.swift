// What OpsinShared does with a struct that has grown twice since its first version, for callers of each age: VersionedStruct.swift compiled with this file.
// Of opsin.h only opsin_device_info has grown, which goes one way (generations.c): the library itself cannot show the rest.
internal import COpsin
private import Glibc

/// As in OpsinShared, without what that needs of the library.
struct Failure: Error {
    let status: opsin_status
    let message: String
    init(_ status: opsin_status, _ message: String) { (self.status, self.message) = (status, message) }
    static func null(_ name: String) -> Failure { Failure(OPSIN_E_ARGUMENT, "\(name) is NULL") }
}

let versionText = "9.9.9"

/// `second` came with one version, `third` with another.
struct Grown: VersionedStruct {
    var struct_size: UInt32 = 0
    var first: UInt32 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    static var firstBytes: Int { 8 }
}

/// Whether any fact did not hold. One thread only.
nonisolated(unsafe) var failed = false

/// Says so when a fact does not hold.
func expect(_ fact: Bool, _ what: String) {
    if !fact {
        print("does not hold: \(what)")
        unsafe failed = true
    }
}

/// Memory of a caller that knows `size` bytes of the struct, initialised, and 64 bytes of 0xA5 behind it that must stay.
func caller(size: Int, _ body: (UnsafeMutablePointer<Grown>, UnsafeMutableRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 64, alignment: 8)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xA5)
    unsafe initialize(memory.baseAddress, UInt32(size))
    guard let base = memory.baseAddress else { return }
    try unsafe body(base.assumingMemoryBound(to: Grown.self), memory)
    for index in size..<size + 64 { expect(unsafe memory[index] == 0xA5, "nothing is written behind \(size) bytes") }
}

@main struct Program {
    static func main() {
        do throws(Failure) {
            try callers()
        } catch {
            expect(false, error.message)
        }
        if unsafe !failed { print("all hold") }
        exit(unsafe failed ? 1 : 0)
    }

    static func callers() throws(Failure) {
        for size in [8, 16, 24, 40] {
            try unsafe caller(size: size) { (pointer, memory) throws(Failure) in
                // In: what the caller does not have is zero.
                unsafe memory.storeBytes(of: 7, toByteOffset: 4, as: UInt32.self)
                if size >= 16 { unsafe memory.storeBytes(of: 8, toByteOffset: 8, as: UInt64.self) }
                if size >= 24 { unsafe memory.storeBytes(of: 9, toByteOffset: 16, as: UInt64.self) }
                let value = try unsafe read(pointer, "options")
                expect(value.first == 7 && value.second == (size >= 16 ? 8 : 0) && value.third == (size >= 24 ? 9 : 0), "read of \(size) bytes")
                // Out: as much as the caller has, the rest of what it has is zero.
                if size > 24 { unsafe memory.storeBytes(of: .max, toByteOffset: 24, as: UInt64.self) }
                try unsafe write(Grown(struct_size: 0, first: 1, second: 2, third: 3), to: pointer, "info")
                expect(unsafe memory.load(as: UInt32.self) == size, "struct_size stays \(size)")
                expect(unsafe memory.load(fromByteOffset: 4, as: UInt32.self) == 1, "first of \(size)")
                if size >= 16 { expect(unsafe memory.load(fromByteOffset: 8, as: UInt64.self) == 2, "second of \(size)") }
                if size >= 24 { expect(unsafe memory.load(fromByteOffset: 16, as: UInt64.self) == 3, "third of \(size)") }
                if size > 24 { expect(unsafe memory.load(fromByteOffset: 24, as: UInt64.self) == 0, "what is unknown is zero") }
            }
        }
        try unsafe caller(size: 40) { (pointer, memory) throws(Failure) in
            unsafe memory[39] = 1
            do throws(Failure) {
                _ = try unsafe read(pointer, "options")
                expect(false, "a field of a newer struct is refused")
            } catch {
                expect(error.status == OPSIN_E_VERSION && error.message.contains("byte 39"), error.message)
            }
        }
        for size in [0, 4, 7, 5000] {
            var value = Grown()
            value.struct_size = UInt32(size)
            do throws(Failure) {
                _ = try unsafe read(&value, "options")
                expect(false, "a size of \(size) is refused")
            } catch {
                expect(error.status == OPSIN_E_ARGUMENT && error.message.contains("struct_size is \(size)"), error.message)
            }
        }
    }
}
