import CVulkan
import Glibc
import OpsinVulkan
import Testing

/// What the validation layer must object to, so that its silence over all other tests means something. Run by `Tests/ValidationTests/check.sh` alone.
@Suite(.enabled(if: unsafe getenv("OPSIN_VALIDATION_CONTROL") != nil, "Tests/ValidationTests/check.sh runs it"))
struct ValidationControlTests {
    @Test func dispatchesWithoutTheirBarrier() throws {
        let device = try VulkanHere.device { functions in
            unsafe functions.cmdPipelineBarrier = { _, _, _, _, _, _, _, _, _, _ in }
        }
        let source = try upload([Float](repeating: -1, count: 64), to: device)
        let (middle, target) = (try device.memory.allocate(256, .device), try device.memory.allocate(256, .readback))
        let first = try activation(device, 1, source.view, middle.view), second = try activation(device, 1, middle.view, target.view)
        try CommandList(device, [.dispatch(first), .dispatch(second)]).run()
    }
}
