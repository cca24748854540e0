import CKernels
import OpsinCPU
import OpsinGraph

/// Runs the steps of one node on the calling thread, in `threads` ranges of tasks, the last range first: the way to test an op without a plan.
///
/// Memory is poisoned before the run (NaN in values and in scratch), and 64 bytes behind each value are guarded: reading them is allowed, writing is found.
@safe final class StepRunner: CPULowering {
    let isa: ISA
    let precision: CPUPrecision
    let threads: Int
    private var places: [Int: UnsafeMutablePointer<Float>] = unsafe [:]
    private var owned: [UnsafeMutableRawPointer] = unsafe []

    init(isa: ISA, threads: Int, precision: CPUPrecision = .fp32) { (self.isa, self.threads, self.precision) = (isa, threads, precision) }

    deinit { unsafe owned.forEach { unsafe $0.deallocate() } }

    func pointer(_ value: Value) -> UnsafeMutablePointer<Float> {
        if let place = unsafe places[value.index] { return unsafe place }
        let place = unsafe floats(value.shape.count + StepRunner.guardFloats, filled: .nan)
        unsafe places[value.index] = place
        return unsafe place
    }

    func packed(_ key: String, count: Int, make: (UnsafeMutablePointer<Float>) -> Void) -> UnsafePointer<Float> {
        let place = unsafe floats(count, filled: 0)
        unsafe make(place)
        return unsafe UnsafePointer(place)
    }

    func parameters(_ values: [Float]) -> UnsafePointer<Float> {
        let place = unsafe floats((values.count + 15) / 16 * 16, filled: 0)
        for (index, value) in values.enumerated() { unsafe place[index] = value }
        return unsafe UnsafePointer(place)
    }

    func requiresFloat32(_ value: Value) -> Bool { false }

    func workspace(count: Int) -> UnsafeMutablePointer<Float> { unsafe floats(count, filled: 0) }

    /// Puts `values` where `value` lives.
    func write(_ values: [Float], to value: Value) {
        let place = unsafe pointer(value)
        for index in 0..<min(values.count, value.shape.count) { unsafe place[index] = values[index] }
    }

    /// What `value` holds.
    func read(_ value: Value) -> [Float] { unsafe Array(UnsafeBufferPointer(start: pointer(value), count: value.shape.count)) }

    /// `output` lives where `input` lives.
    func alias(_ output: Value, to input: Value) { unsafe places[output.index] = pointer(input) }

    /// Whether the floats behind `value` are still what they were before the run.
    func guardIsWhole(_ value: Value) -> Bool {
        let place = unsafe pointer(value) + value.shape.count
        return (0..<StepRunner.guardFloats).allSatisfy { unsafe place[$0].isNaN }
    }

    func run(_ steps: [CPUStep]) {
        for step in steps {
            for part in (0..<threads).reversed() {
                let first = step.tasks * part / threads, last = step.tasks * (part + 1) / threads
                guard first < last else { continue }
                let scratch = unsafe floats((step.scratchBytes + 3) / 4, filled: .nan)
                unsafe step.run(step.arguments.pointer, first, last, scratch)
            }
        }
    }

    private static let guardFloats = 16

    private func floats(_ count: Int, filled value: Float) -> UnsafeMutablePointer<Float> {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
        unsafe owned.append(block)
        let place = unsafe block.bindMemory(to: Float.self, capacity: max(count, 1))
        unsafe place.initialize(repeating: value, count: max(count, 1))
        return unsafe place
    }
}
