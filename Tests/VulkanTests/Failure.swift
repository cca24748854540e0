import Opsin

/// The error of a call that must fail; nil when it does not, or fails with another type.
func failure(_ body: () throws -> Void) -> OpsinError? {
    do {
        try body()
        return nil
    } catch {
        return error as? OpsinError
    }
}
