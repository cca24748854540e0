internal import OpsinVision

extension Session {
    /// As `run` of the image in that file, to the bit. A large JPEG is decoded on the session's threads and resized on the way, so that the photo as a whole is
    /// never in memory.
    public func run(path: String, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult {
        var timings = Timings()
        let recipe = recipe(options.fit)
        guard try exclusively({ !$0.mayPreprocessOnDevice }), let (values, decode) = try decoded(path, recipe) else {
            return try run(Image(path: path, threads: self.options.threads), options)
        }
        (timings.decode, timings.preprocess) = (decode.decode, decode.preprocess)
        let mapping = ImageMapping(values.geometry), key = PlanCache.Key(values.geometry)
        let ran = try execute(.prepared(values.pixels, key), mask: maskRequest(mapping, options), timings: &timings)
        return try result(of: ran.outputs, mapping, options, mask: ran.mask, timings: timings, report: ran.report)
    }

    /// The input that a file's photo becomes, when it can be resized while it is decoded; whatever is wrong with the file is for `Image` to say.
    private func decoded(_ path: String, _ recipe: PreprocessRecipe) throws(OpsinError) -> (OpsinVision.PreprocessedImage, Timings)? {
        var timings = Timings(), end = milliseconds()
        let start = end, parallel = try parallel()
        guard let bytes = try? File.read(path, accept: { (head) throws(VisionError) in _ = try ImageFormat(recognizing: head.span) }),
            let values = try? recipe.apply(
                jpeg: bytes.span, options: DecodeOptions(threads: options.threads), parallel: parallel, decoded: { end = milliseconds() })
        else { return nil }
        (timings.decode, timings.preprocess) = (end - start, milliseconds() - end)
        return (values, timings)
    }
}
