internal import OpsinCPU
internal import OpsinGraph
package import OpsinModels

/// What a model is and needs, counted for one image of its own input size.
public struct ModelInfo: Hashable, Sendable {
    /// Such as `mobilenet_v2`.
    public let architecture: String
    /// What it answers.
    public let task: VisionTask
    /// Weights, biases and norm parameters, as PyTorch counts them.
    public let parameters: Int
    /// Rows of the model's input.
    public let inputHeight: Int
    /// Columns of the model's input.
    public let inputWidth: Int
    /// Number of labels.
    public let labels: Int
    /// Floating-point operations of one run; a multiply-add is two.
    public let flops: Int
    /// Bytes of the weights in the file's own precision.
    public let weightsBytes: Int
    /// Bytes of the arena that holds all activations on the CPU, in fp32.
    public let activationsBytes: Int
    /// Most bytes of activations alive at one time: the arena cannot be smaller.
    public let liveActivationsBytes: Int
    /// Weights and activations together while the model runs.
    public var peakBytes: Int { weightsBytes + activationsBytes }
}

extension Model {
    /// Plans the model for one image of its own size, without packing a weight.
    public func info() throws(OpsinError) -> ModelInfo {
        let size = network.architecture.inputSize
        let graph = try graphOfOwnSize(optimized: true)
        let isa = (try? ISA.usable()) ?? .generic
        let groups = RowChain.groups(graph, isa: isa, precision: .fp32)
        let memory = ActivationMemory(graph, groups: groups, views: CPUPlanBuilder.views(of: graph, groups: groups, isa: isa, precision: .fp32))
        return ModelInfo(
            architecture: network.architecture.name, task: task, parameters: network.parameterCount, inputHeight: size.height, inputWidth: size.width,
            labels: labels.count, flops: graph.cost.flops, weightsBytes: network.weights.byteCount, activationsBytes: memory.arenaBytes,
            liveActivationsBytes: memory.peakLiveBytes)
    }
}

extension ModelInfo {
    /// The form of `opsin info --json`.
    public var jsonText: String { json.text }

    package var json: JSON {
        [
            "architecture": .string(architecture), "task": .string(task.rawValue), "parameters": .integer(parameters),
            "input": [.integer(inputHeight), .integer(inputWidth)], "labels": .integer(labels), "flops": .integer(flops),
            "weights_bytes": .integer(weightsBytes), "activations_bytes": .integer(activationsBytes), "peak_bytes": .integer(peakBytes),
        ]
    }
}
