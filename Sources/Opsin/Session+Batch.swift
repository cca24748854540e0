internal import OpsinVision

extension Session {
    /// Images to answers, in their order; an image that fails does not touch the others.
    ///
    /// With `maximumBatch` above 1, neighbours that become inputs of one size go through the network together, that many at most. On the CPU in fp32 each
    /// answer is then what `run` gives, to the bit: no kernel's order of sums depends on the number of images. On a GPU, whose kernels are chosen by the
    /// sizes, and in bf16 it is so within rounding. The time of a run is shared out evenly. By default each image is run by itself.
    public func run(batch images: [Image], _ options: TaskOptions = TaskOptions()) -> [Swift.Result<TaskResult, OpsinError>] {
        var answers: [Swift.Result<TaskResult, OpsinError>] = []
        var group: [Image] = [], shape: PlanCache.Key?
        for image in images {
            let key = self.options.maximumBatch > 1 ? (try? recipe(options.fit).geometry(of: image)).map { PlanCache.Key($0) } : nil
            if key == nil || key != shape || group.count >= self.options.maximumBatch {
                answers += run(together: group, options)
                group = []
            }
            group.append(image)
            shape = key
        }
        return answers + run(together: group, options)
    }

    /// Images whose inputs have one size: together, or one by one when there is but one or something goes wrong, so that each gets its own error.
    private func run(together images: [Image], _ options: TaskOptions) -> [Swift.Result<TaskResult, OpsinError>] {
        if images.count > 1, let results = try? results(of: images, options) { return results.map { .success($0) } }
        return images.map { image in Swift.Result { () throws(OpsinError) in try run(image, options) } }
    }

    private func results(of images: [Image], _ options: TaskOptions) throws(OpsinError) -> [TaskResult] {
        let recipe = recipe(options.fit), parallel = try parallel()
        var pixels: [Float] = [], mappings: [ImageMapping] = [], spent: [Double] = []
        var key = PlanCache.Key(batch: images.count, height: 0, width: 0)
        for image in images {
            let start = milliseconds()
            let values = try PreprocessedImage(image, recipe, parallel: parallel).values
            if pixels.isEmpty { pixels.reserveCapacity(values.pixels.count * images.count) }
            pixels += values.pixels
            key = PlanCache.Key(batch: images.count, height: values.geometry.height, width: values.geometry.width)
            mappings.append(ImageMapping(values.geometry))
            spent.append(milliseconds() - start)
        }
        var whole = Timings()
        let ran = try execute(.prepared(pixels, key), timings: &whole)
        let parts = ran.outputs.map { $0.images(images.count) }
        guard parts.allSatisfy({ $0.count == images.count }) else { throw OpsinError(.unsupported, "an output has no images to tell apart") }
        var results: [TaskResult] = []
        for (index, image) in images.enumerated() {
            var timings = Timings()
            timings.decode = image.decodeMilliseconds
            timings.preprocess = image.conversionMilliseconds + spent[index]
            timings.run = whole.run / Double(images.count)
            var made = try result(of: parts.map { $0[index] }, mappings[index], options, timings: timings, report: ran.report)
            made.timestampMicroseconds = image.timestampMicroseconds
            results.append(made)
        }
        return results
    }
}

extension Tensor {
    /// Each of the `count` images that lie one after the other, as a tensor of one image; empty when there are not so many.
    func images(_ count: Int) -> [Tensor] {
        guard dimensions.first == count, count >= 1 else { return [] }
        let size = values.count / count
        return (0..<count).map { index in
            Tensor(name: name, trusted: [1] + dimensions.dropFirst(), values: Array(values[index * size..<(index + 1) * size]))
        }
    }
}
