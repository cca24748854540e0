/// The multiple of `divisor` nearest to `value`, at least `minimum` and not below 90 % of `value`: how MobileNets round scaled widths.
///
/// `value` up to 2^40; what is larger, or no number, gives 2^40, which no tensor has.
func makeDivisible(_ value: Double, divisor: Int = 8, minimum: Int? = nil) -> Int {
    let limit = 1 << 40
    let minimum = minimum ?? divisor
    guard value < Double(limit), (1..<limit).contains(divisor), minimum < limit else { return limit }
    let rounded = Int((max(value, 0) + Double(divisor) / 2).rounded(.down)) / divisor * divisor
    let width = max(minimum, rounded)
    return Double(width) < 0.9 * value ? width + divisor : width
}
