package import OpsinGraph

/// A graph on a device, which survives one loss of the device: the first makes device and plan anew and runs again, the second is the caller's, who takes
/// another backend. `losses` says what happened, for the report.
package final class VulkanRunner {
    package private(set) var device: Device
    package private(set) var plan: VulkanPlan
    /// Each loss in the driver's words; empty where all went well.
    package private(set) var losses: [String] = []
    private let instance: VulkanInstance
    private let index: Int
    private let options: DeviceOptions
    private let graph: Graph
    private let timing: VulkanPlan.Timing

    /// Makes device and plan. `index` is a device that `instance.choose` gave.
    package init(
        _ graph: Graph, _ instance: VulkanInstance, index: Int, options: DeviceOptions = .current, storage: Storage = .f32, timing: VulkanPlan.Timing = .none
    ) throws(VulkanError) {
        let device = try Device.open(instance, index: index, options: options)
        (self.device, plan) = (device, try VulkanPlan(graph, on: device, storage: storage, timing: timing))
        (self.instance, self.index, self.options, self.graph, self.timing) = (instance, index, options, graph, timing)
    }

    /// `VulkanPlan.run`, once more on a new device where the first was lost.
    package func run(_ values: [[Float]]) throws(VulkanError) -> [[Float]] {
        do {
            return try plan.run(values)
        } catch {
            guard device.failure != nil else { throw error }
            losses.append(error.description)
            guard losses.count == 1 else { throw error }
        }
        device = try Device.open(instance, index: index, options: options)
        plan = try VulkanPlan(graph, on: device, storage: plan.storage, timing: timing)
        do {
            return try plan.run(values)
        } catch {
            if device.failure != nil { losses.append(error.description) }
            throw error
        }
    }
}
