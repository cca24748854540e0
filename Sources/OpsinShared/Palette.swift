internal import Opsin

extension Lent {
    /// The colours in which a task draws its labels, 3 bytes each.
    func palette(_ count: Int, _ task: VisionTask) -> UnsafePointer<UInt8> {
        var colors: [UInt8] = []
        for label in 0..<count {
            let color = task.color(ofLabel: label)
            colors += [color.red, color.green, color.blue]
        }
        return unsafe array(colors)
    }
}
