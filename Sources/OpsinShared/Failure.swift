internal import COpsin
private import CThreadLocal
internal import Opsin

/// Why a call answers something else than `OPSIN_OK`: the status for programs, the sentence for `opsin_last_error()`.
struct Failure: Error {
    let status: opsin_status
    let message: String

    init(_ status: opsin_status, _ message: String) { (self.status, self.message) = (status, message) }

    /// A parameter that must be there.
    static func null(_ name: String) -> Failure { Failure(OPSIN_E_ARGUMENT, "\(name) is NULL") }

    static func unsupported(_ what: String) -> Failure { Failure(OPSIN_E_UNSUPPORTED, "\(what) is not in this version of Opsin") }

    /// Makes the sentence the calling thread's last error.
    func remember() {
        var text = message
        text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe opsin_thread_text_set($0.baseAddress, $0.count) }
        }
    }
}

extension Failure {
    init(_ error: OpsinError) {
        self.init(error.code.status, error.description)
    }
}

extension OpsinError.Code {
    var status: opsin_status {
        switch self {
        case .argument: OPSIN_E_ARGUMENT
        case .busy: OPSIN_E_BUSY
        case .image: OPSIN_E_IMAGE
        case .model: OPSIN_E_MODEL
        case .device: OPSIN_E_DEVICE
        case .notFound: OPSIN_E_NOT_FOUND
        case .io: OPSIN_E_IO
        case .unsupported: OPSIN_E_UNSUPPORTED
        case .cancelled: OPSIN_E_CANCELLED
        case .state: OPSIN_E_STATE
        }
    }
}

/// Runs the body of a C function: its failure becomes the status, and the thread's last error.
func answer(_ body: () throws(Failure) -> Void) -> opsin_status {
    do {
        try body()
        return OPSIN_OK
    } catch {
        error.remember()
        return error.status
    }
}

/// As `answer`, for a function that gives a handle: `*out` is NULL unless it succeeds.
func give(_ out: UnsafeMutablePointer<OpaquePointer?>?, _ name: String, _ make: () throws(Failure) -> OpaquePointer?) -> opsin_status {
    answer { () throws(Failure) in
        guard let out = unsafe out else { throw .null(name) }
        unsafe out.pointee = nil
        unsafe out.pointee = try make()
    }
}

/// As `answer`, for a function that lends a text.
func lend(_ out: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ name: String, _ make: () throws(Failure) -> UnsafePointer<CChar>) -> opsin_status {
    answer { () throws(Failure) in
        guard let out = unsafe out else { throw .null(name) }
        unsafe out.pointee = try make()
    }
}

/// Runs Swift API, whose errors become failures.
func opsin<Value>(_ body: () throws(OpsinError) -> Value) throws(Failure) -> Value {
    do {
        return try body()
    } catch {
        throw Failure(error)
    }
}
