internal import OpsinModels
internal import OpsinVision

extension Model {
    /// The depth of each pixel of the photo that `mapping` speaks of.
    func depth(_ tensors: [Tensor], _ mapping: ImageMapping, parallel: Parallel) throws(OpsinError) -> DepthMap {
        let predicted = try output("predicted_depth", of: tensors), sides = predicted.dimensions.suffix(2)
        guard sides.count == 2, let rows = sides.first, let columns = sides.last, predicted.dimensions.dropLast(2).allSatisfy({ $0 == 1 }) else {
            throw OpsinError(.argument, "predicted_depth is \(predicted.dimensions), expected [1, height, width]")
        }
        let plane: DepthPlane
        do {
            plane = try DepthPlane(predicted: predicted.values, rows: rows, columns: columns, mapping: mapping, parallel: parallel)
        } catch {
            throw OpsinError(error)
        }
        return DepthMap(
            kind: DepthMap.Kind(rawValue: network.architecture.depthKind.rawValue) ?? .relative, width: plane.width, height: plane.height,
            values: plane.values, minimum: plane.range?.lowerBound ?? 0, maximum: plane.range?.upperBound ?? 0)
    }
}

extension DepthMap {
    /// The value below which `percent` (0 to 100) of the finite values lie, interpolated as `numpy.percentile` does; nil when there is none.
    public func percentile(_ percent: Double) -> Float? { Percentile.linear(values, percent: percent) }
}
