internal import OpsinCPU
internal import OpsinGraph
internal import OpsinModels
internal import OpsinVision

/// A quantised folder held against the model that it was made of, photo by photo.
public struct QuantizationComparison: Sendable {
    private let quantizer: Quantizer
    private let quantized: Model
    private let plan: CPUPlan
    /// For each value of the quantised graph: its place among those of the fp32 one.
    private let places: [Int]
    private var layers: [QuantizationReport.Layer]
    private var sums: [(difference: Double, magnitude: Double)]
    private var agreed = 0
    private var imageCount = 0

    init(_ quantizer: Quantizer, folder: String) throws(OpsinError) {
        let model = try Model(quantizer.model.runtime, path: folder), backend = try model.backend(.int8, threads: quantizer.options.threads)
        let graph = try model.graphOfOwnSize(optimized: true).givingEveryValue(), own = try quantizer.model.graphOfOwnSize(optimized: true)
        let compiled: CompiledPlan
        do throws(PlanFailure) {
            compiled = try backend.compile(graph, PlanResources(model, threads: quantizer.options.threads))
        } catch {
            throw OpsinError(.model, "\(folder): \(error.description)")
        }
        guard case .cpu(let plan, _) = compiled else { throw OpsinError(.unsupported, "precision int8: runs on the CPU alone") }
        self.plan = plan
        places = graph.outputs.map { port in own.nodes.firstIndex { $0.output == port.value } ?? 0 }
        var reasons: [String: String] = [:]
        for refusal in plan.refusals { reasons[refusal.node] = refusal.reason }
        layers = graph.nodes.map { QuantizationReport.Layer(name: $0.name, op: $0.op.name, reason: reasons[$0.name]) }
        sums = layers.map { _ in (0, 0) }
        (self.quantizer, quantized) = (quantizer, model)
    }

    /// Runs both models on a photo.
    public mutating func add(_ image: Image) throws(OpsinError) {
        let input = try quantizer.model.preprocess(image).values.pixels, wanted = try quantizer.run(input), found: [[Float]]
        do {
            found = try plan.run([input])
        } catch {
            throw OpsinError(.model, "\(quantized.path): \(error.description)")
        }
        for (layer, values) in found.enumerated() {
            let want = wanted[places[layer]]
            var (difference, magnitude) = (0.0, 0.0)
            for (a, b) in zip(want, values) {
                difference += Double(abs(a - b))
                magnitude += Double(abs(a))
            }
            let count = Double(max(values.count, 1))
            sums[layer].difference += difference / count
            sums[layer].magnitude += magnitude / count
        }
        imageCount += 1
        if let want = wanted.last, let got = found.last, Self.largest(want) == Self.largest(got) { agreed += 1 }
    }

    /// The place of the largest element, the first of equals.
    private static func largest(_ values: [Float]) -> Int { values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) } ?? 0 }

    /// What was found so far.
    public var report: QuantizationReport {
        var report = QuantizationReport(
            model: quantizer.model.path, calibration: quantizer.options.calibration, group: quantizer.options.group,
            calibrationImages: quantizer.imageCount, images: imageCount, agreed: quantizer.model.task == .classify ? agreed : nil,
            bytesBefore: quantizer.model.network.weights.byteCount, bytesAfter: quantized.network.weights.byteCount, layers: layers)
        for (layer, sum) in sums.enumerated() {
            report.layers[layer].meanDifference = sum.difference / Double(max(imageCount, 1))
            report.layers[layer].relative = sum.difference / max(sum.magnitude, 1e-12)
        }
        return report
    }
}

extension Quantizer {
    /// What the folder that `write` wrote lost against the model: photos are added to it.
    public func comparison(with folder: String) throws(OpsinError) -> QuantizationComparison { try QuantizationComparison(self, folder: folder) }
}
