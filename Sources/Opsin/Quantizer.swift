internal import OpsinCPU
internal import OpsinGraph
internal import OpsinModels
internal import OpsinVision

/// Makes a model of bytes out of one of floating point, after training: weights as whole numbers with a scale an output, activations in the ranges that they
/// take on photos.
///
/// Show it photos with `observe`, then `write` a folder, which opens as the first one did and runs with `Precision.int8`.
public struct Quantizer: Sendable {
    /// How the range of a value is chosen from what was seen of it.
    public enum Calibration: String, Hashable, Sendable, CaseIterable {
        /// From the least to the largest element.
        case minmax
        /// Without the outermost 0.01 % of the elements.
        case percentile
        /// Where rounding and cutting off together cost the least squares.
        case mse
    }

    /// How a model is quantised.
    public struct Options: Hashable, Sendable {
        /// How the ranges of values are chosen.
        public var calibration = Calibration.mse
        /// How many neighbouring outputs share a scale: 1, or a number that divides what the kernels compute together (4, 8, 16).
        public var group = 1
        /// Threads; 0 is one per physical core, at most 8.
        public var threads = 0

        /// All defaults.
        public init() {}
    }

    let model: Model
    let options: Options
    /// The graph that runs, every value of it an output.
    private let plan: CPUPlan
    private let names: [String]
    private var histograms: [String: ValueHistogram] = [:]
    /// By value: the sums of each channel's means over the photos.
    private var channelMeans: [String: [Double]] = [:]
    /// Photos so far.
    public private(set) var imageCount = 0

    /// Throws when the model is quantised already, or `options.group` is none of 1, 4, 8 and 16.
    public init(_ model: Model, _ options: Options = Options()) throws(OpsinError) {
        guard [1, 4, 8, 16].contains(options.group) else { throw OpsinError(.argument, "group is \(options.group), expected 1, 4, 8 or 16") }
        guard !model.isQuantized else { throw OpsinError(.argument, "\(model.path) is quantised already, expected a model of floating point") }
        let graph = try model.graphOfOwnSize(optimized: true).givingEveryValue()
        names = graph.outputs.map { graph.valueNames[$0.value.index] }
        do throws(PlanFailure) {
            plan = try PlanResources(model, threads: options.threads).cpuPlan(graph)
        } catch {
            throw OpsinError(.model, "\(model.path): \(error.description)")
        }
        (self.model, self.options) = (model, options)
    }

    /// Runs the model in fp32 on a photo and notes which numbers its values take.
    public mutating func observe(_ image: Image) throws(OpsinError) {
        let input = try model.preprocess(image).values.pixels
        for (index, values) in try run(input).enumerated() { add(values, names[index], channels: plan.outputs[index].value.shape.c) }
        add(input, plan.inputs[0].name, channels: plan.inputs[0].value.shape.c)
        imageCount += 1
    }

    private mutating func add(_ values: [Float], _ name: String, channels: Int) {
        histograms[name, default: ValueHistogram()].add(values)
        var sums = [Double](repeating: 0, count: channels)
        for start in stride(from: 0, to: values.count - channels + 1, by: channels) {
            for channel in 0..<channels { sums[channel] += Double(values[start + channel]) }
        }
        let pixels = Double(max(values.count / channels, 1)), known = channelMeans[name] ?? [Double](repeating: 0, count: channels)
        channelMeans[name] = zip(known, sums).map { $0 + $1 / pixels }
    }

    /// Every value of the fp32 model for an input.
    func run(_ input: [Float]) throws(OpsinError) -> [[Float]] {
        do {
            return try plan.run([input])
        } catch {
            throw OpsinError(.argument, "\(model.path): \(error.description)")
        }
    }

    /// Writes the folder of bytes. Throws when no photo was observed, or nothing of the model can run on bytes.
    public func write(to folder: String) throws(OpsinError) {
        guard imageCount > 0 else { throw OpsinError(.argument, "no photo was observed: ranges come from photos like those that the model will see") }
        let weights = try quantizedWeights()
        guard !weights.isEmpty else { throw OpsinError(.unsupported, "\(model.path): no layer of \(model.architecture) can take weights of bytes") }
        let table = QuantizationTable(values: ranges(), imageCount: imageCount, method: options.calibration.rawValue, group: options.group)
        do {
            try model.folder.writeQuantized(to: folder, weights: weights, table: table)
        } catch {
            throw OpsinError(error)
        }
    }

    private func ranges() -> [String: Quantization] {
        histograms.compactMapValues { histogram in
            let (low, high) =
                switch options.calibration {
                case .minmax: (histogram.least, histogram.most)
                case .percentile: histogram.percentileRange(cutting: 1e-4)
                case .mse: histogram.leastSquaresRange()
                }
            return Quantization(covering: low, high)
        }
    }

    /// The weights of every layer that can take them as whole numbers, by the names of their tensors.
    private func quantizedWeights() throws(OpsinError) -> [String: QuantizedWeight] {
        let graph = try model.graphOfOwnSize(optimized: true)
        var weights: [String: QuantizedWeight] = [:]
        for node in graph.nodes {
            guard let filter = node.op.weighted?.filter, filter.layout == .outputFirst, filter.inputScale == nil,
                model.network.quantizable.contains(filter.constant.name), let outputs = filter.constant.dimensions.first
            else { continue }
            let group = outputs % options.group == 0 ? options.group : 1
            let taps = filter.constant.dimensions.dropFirst(2).reduce(1, *), means = channelMeans[graph.valueNames[node.inputs[0].index]]
            weights[filter.constant.name] = QuantizedWeight(
                rounding: filter.constant.floats(), outputs: outputs, taps: taps, group: group, means: means?.map { $0 / Double(imageCount) })
        }
        return weights
    }
}
