package import OpsinGraph

extension PreprocessRecipe {
    /// What `apply` does to an image of that size, as data for a backend. Costs as much as the coefficients of the resize: keep it while sizes stay.
    package func program(width: Int, height: Int, channels: Int) throws(VisionError) -> ImageProgram {
        let geometry = try geometry(width: width, height: height)
        let region = kept(geometry)
        let plan = try ResizePlan(
            source: (width, height), channels: channels, sampleBytes: 1, target: (geometry.resizedWidth, geometry.resizedHeight), filter: filter, box: nil,
            region: region)
        let (passes, offset, row) = try plan.passes()
        let placement = ImageProgram.Placement(
            offset: offset, sourceRow: row, rows: region.height, columns: region.width, top: region.top - geometry.cropTop,
            left: region.left - geometry.cropLeft, cropHeight: geometry.cropHeight, cropWidth: geometry.cropWidth, padTop: geometry.padTop,
            padLeft: geometry.padLeft, height: geometry.height, width: geometry.width)
        return ImageProgram(
            channels: channels, sampleCount: width * height * channels, passes: passes, placement: placement, tables: try lookupTables(),
            fill: crop?.fill ?? [0, 0, 0], swapsChannels: swapsChannels)
    }
}
