internal import OpsinCPU
package import OpsinGraph
package import OpsinModels
package import OpsinVision
internal import OpsinVulkan
internal import Synchronization

/// A network with its weights, labels and preprocessing recipe, as its publisher shipped them. Never changes; any thread may use it.
public final class Model: Sendable {
    /// The runtime with which it was opened.
    public let runtime: Runtime
    /// The folder it was opened from.
    public let path: String
    /// Names of the classes by index, from the folder or, for ImageNet classifiers without names, the ImageNet-1k table.
    public let labels: [String]

    package let folder: ModelFolder
    package let network: Network
    package let recipe: PreprocessRecipe
    /// Whether the recipe is that of timm's `test_input_size`.
    private let usesTestSize: Bool
    /// What the bytes of its values stand for, when the folder is quantised.
    package let quantization: QuantizationTable?

    /// Packed weights by instruction set and precision, shared by all sessions.
    private let packedWeights = Mutex<[String: PackedWeights]>([:])
    /// Weights on the GPU, shared by all sessions.
    private let deviceWeights = Mutex<DeviceWeights?>(nil)

    /// Opens a folder of timm or transformers (`config.json`, `model.safetensors`, perhaps `preprocessor_config.json`), without conversion.
    ///
    /// The weights are mapped, not read. Throws `.model` with the file or tensor, what was expected and what was found.
    ///
    /// - Parameters:
    ///   - runtime: where it is to run.
    ///   - path: the folder.
    ///   - usesTestSize: preprocesses at timm's `test_input_size` and `test_crop_pct` where the folder has them.
    public init(_ runtime: Runtime, path: String, usesTestSize: Bool = false) throws(OpsinError) {
        do {
            folder = try ModelFolder(path: path)
            network = try folder.network()
            quantization = try folder.quantization()
        } catch {
            throw OpsinError(error)
        }
        recipe = try Model.recipe(of: folder, usesTestSize: usesTestSize)
        do {
            labels = network.architecture.classCount == 0 ? [] : try folder.labels()
        } catch {
            throw OpsinError(error)
        }
        (self.runtime, self.path, self.usesTestSize) = (runtime, path, usesTestSize)
    }

    /// Opens the model that ships with Opsin for `task`.
    public convenience init(_ runtime: Runtime, defaultFor task: VisionTask, usesTestSize: Bool = false) throws(OpsinError) {
        guard let name = task.defaultModelName else {
            throw OpsinError(.unsupported, "task \(task.rawValue): has no default model (expected classify, detect, segment or depth)")
        }
        try self.init(runtime, path: try ModelLocation.find(name), usesTestSize: usesTestSize)
    }

    /// What it answers.
    public var task: VisionTask { VisionTask(rawValue: network.architecture.task.rawValue) ?? .features }

    /// The label of class `id`; its number when there is none.
    public func label(_ id: Int) -> String { labels.indices.contains(id) && !labels[id].isEmpty ? labels[id] : String(id) }

    /// What has to be done to a photo, as the model's publisher says or with the whole photo in view.
    package func recipe(_ fit: TaskOptions.Fit) -> PreprocessRecipe { fit == .whole ? recipe.whole : recipe }

    /// The recipe alone, for a folder without weights.
    package static func recipe(
        of folder: ModelFolder, usesTestSize: Bool = false, size: PreprocessRecipe.Size? = nil
    ) throws(OpsinError) -> PreprocessRecipe {
        do {
            return try PreprocessRecipe(config: folder.config.json, preprocessor: folder.preprocessor?.json, useTestSize: usesTestSize, size: size)
        } catch {
            throw OpsinError(.model, "\(folder.path): \(error.description)")
        }
    }

    /// The recipe and the input size of a session with these options. Throws what is wrong with the size.
    func input(_ options: Session.Options) throws(OpsinError) -> (PreprocessRecipe, InputSize) {
        let (height, width) = (options.inputHeight, options.inputWidth)
        guard height != 0 || width != 0 else { return (recipe, network.architecture.inputSize) }
        guard (1...Network.maximumSide).contains(height), (1...Network.maximumSide).contains(width) else {
            throw OpsinError(.argument, "an input of \(height)x\(width), expected sides of 1 to \(Network.maximumSide)")
        }
        do {
            _ = try network.graph(batch: 1, height: height, width: width, options: NetworkOptions(depthScale: options.depthScale))
        } catch {
            throw OpsinError(error)
        }
        let size = PreprocessRecipe.Size(height: height, width: width)
        return (try Model.recipe(of: folder, usesTestSize: usesTestSize, size: size), InputSize(height: height, width: width))
    }

    /// Whether the model can run in int8: its folder was written by `Quantizer`.
    public var isQuantized: Bool { quantization != nil }

    /// Where a session of this model runs. `auto` takes bytes where the model has them.
    func backend(_ asked: Precision, threads: Int) throws(OpsinError) -> Backend {
        if asked == .int8, quantization == nil {
            throw OpsinError(.unsupported, "precision int8: \(path) is not quantised (opsin quantize \(path) makes a folder that is)")
        }
        let isOnCPU = runtime.device.kind == .cpu
        return try runtime.backend(asked == .auto && isOnCPU && quantization != nil ? .int8 : asked, threads: threads)
    }

    /// Bytes of all packed weights, on the CPU and on the GPU.
    package var packedBytes: Int { packedWeights.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } + devicePackedBytes }

    /// Of these, the bytes that are a GPU's.
    package var devicePackedBytes: Int { deviceWeights.withLock { $0?.byteCount ?? 0 } }

    /// What plans on `device` share. After a loss the new device begins with nothing.
    func deviceWeights(_ device: OpsinVulkan.Device) -> DeviceWeights {
        deviceWeights.withLock { known in
            if let known, known.device === device { return known }
            let fresh = DeviceWeights(device)
            known = fresh
            return fresh
        }
    }

    func packedWeights(_ isa: ISA, _ precision: CPUPrecision) -> PackedWeights {
        packedWeights.withLock { cache in
            let key = "\(isa.rawValue) \(precision.rawValue)"
            if let weights = cache[key] { return weights }
            let weights = PackedWeights()
            cache[key] = weights
            return weights
        }
    }

    /// The graph of one image of the model's own size.
    package func graphOfOwnSize(optimized: Bool) throws(OpsinError) -> Graph {
        let size = network.architecture.inputSize
        return try graph(batch: 1, height: size.height, width: size.width, endpoints: [], optimized: optimized)
    }

    /// The graph of `batch` images of `height` x `width`, with `endpoints` as further outputs; nil is all that there are.
    ///
    /// - Parameter optimized: whether norms are folded and ops fused.
    package func graph(
        batch: Int, height: Int, width: Int, endpoints: [String]?, optimized: Bool = true, options: NetworkOptions = NetworkOptions()
    ) throws(OpsinError) -> Graph {
        let plain: Graph
        do {
            plain = try network.graph(batch: batch, height: height, width: width, options: options)
        } catch {
            throw OpsinError(error)
        }
        let (graph, unknown) = plain.exposing(endpoints ?? plain.endpoints.map(\.name))
        if let name = unknown.first {
            let known = plain.endpoints.map(\.name)
            throw OpsinError(
                .argument, "\(path): no feature \"\(name)\" (expected some of \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? " ..." : ""))")
        }
        return optimized ? graph.optimized() : graph
    }
}

extension OpsinError {
    package init(_ error: ModelError) {
        self.init(error.code == .input ? .argument : error.code == .unsupported ? .unsupported : .model, error.description)
    }
}
