public import COpsin
private import CThreadLocal
private import Opsin

/// The version in numbers: OPSIN_VERSION_MAJOR.MINOR.PATCH of the header this library was built with.
let versionText = "\(OPSIN_VERSION_MAJOR).\(OPSIN_VERSION_MINOR).\(OPSIN_VERSION_PATCH)"

private let versionString = StaticText(versionText)

private let buildInfo: StaticText = {
    #if DEBUG
        let optimized = false
    #else
        let optimized = true
    #endif
    #if arch(arm64)
        let isas = "\"neon\", \"generic\""
    #else
        let isas = "\"avx512\", \"avx2\", \"generic\""
    #endif
    #if compiler(>=6.4)
        let compiler = "Swift 6.4 or later"
    #else
        let compiler = "Swift 6.3"
    #endif
    return StaticText(
        "{\"version\": \"\(versionText)\", \"abi\": \(OPSIN_ABI_VERSION), \"compiler\": \"\(compiler)\", \"optimized\": \(optimized), "
            + "\"backends\": [\"cpu\"], \"isas\": [\(isas)], \"codecs\": [\"jpeg\", \"png\", \"webp\", \"bmp\", \"ppm\"]}")
}()

@c @implementation
public func opsin_abi_version() -> UInt32 { OPSIN_ABI_VERSION }

@c @implementation
public func opsin_version_string() -> UnsafePointer<CChar>? { unsafe versionString.pointer }

@c @implementation
public func opsin_build_info_json() -> UnsafePointer<CChar>? { unsafe buildInfo.pointer }

@c @implementation
public func opsin_last_error() -> UnsafePointer<CChar>? { unsafe opsin_thread_text() }

private let statusNames: [opsin_status: StaticText] = {
    let names: [(opsin_status, String)] = [
        (OPSIN_OK, "OK"), (OPSIN_PENDING, "PENDING"), (OPSIN_E_ARGUMENT, "E_ARGUMENT"), (OPSIN_E_VERSION, "E_VERSION"), (OPSIN_E_BUSY, "E_BUSY"),
        (OPSIN_E_UNSUPPORTED, "E_UNSUPPORTED"), (OPSIN_E_NOT_FOUND, "E_NOT_FOUND"), (OPSIN_E_IO, "E_IO"), (OPSIN_E_IMAGE, "E_IMAGE"),
        (OPSIN_E_MODEL, "E_MODEL"), (OPSIN_E_DEVICE, "E_DEVICE"), (OPSIN_E_MEMORY, "E_MEMORY"), (OPSIN_E_TIMEOUT, "E_TIMEOUT"),
        (OPSIN_E_CANCELLED, "E_CANCELLED"), (OPSIN_E_PARTIAL, "E_PARTIAL"), (OPSIN_E_STATE, "E_STATE"), (OPSIN_E_INTERNAL, "E_INTERNAL"),
    ]
    return Dictionary(uniqueKeysWithValues: names.map { ($0, StaticText("OPSIN_" + $1)) })
}()

private let unknownStatus = StaticText("OPSIN_E_UNKNOWN")

@c @implementation
public func opsin_status_name(_ status: opsin_status) -> UnsafePointer<CChar>? { unsafe (statusNames[status] ?? unknownStatus).pointer }
