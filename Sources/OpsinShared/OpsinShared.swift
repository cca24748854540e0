public import COpsin
private import CThreadLocal

@c @implementation
public func opsin_abi_version() -> UInt32 { 0 }

@c @implementation
public func opsin_last_error() -> UnsafePointer<CChar>! { unsafe opsin_thread_text() }
