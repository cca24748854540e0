package import OpsinVision

extension TaskResult {
    /// The photo with what was found on it: classes as a list, boxes with names and scores, a mask's colours, a depth map.
    ///
    /// - Parameters:
    ///   - image: the photo, or another size of it: the result is drawn to scale.
    ///   - options: colours, lines, letters.
    public func draw(on image: Image, _ options: DrawOptions = DrawOptions()) throws(OpsinError) -> Image {
        var problem: OpsinError?
        do {
            let picture = try image.pixels.drawn { canvas in
                do throws(OpsinError) { try draw(into: canvas, options) } catch { problem = error }
            }
            if let problem { throw problem }
            return Image(picture)
        } catch let error {
            throw (error as? OpsinError) ?? (error as? VisionError).map { OpsinError($0) } ?? OpsinError(.image, "\(error)")
        }
    }

    /// As `draw(on:)`, into the pixels of a canvas, which hold the photo.
    package func draw(into canvas: Canvas, _ options: DrawOptions = DrawOptions()) throws(OpsinError) {
        guard imageWidth > 0, imageHeight > 0 else { throw OpsinError(.argument, "the result has no picture: it was made from tensors") }
        let scale = DrawScale(canvas, lineWidth: options.lineWidth, textHeight: options.textHeight)
        do throws(VisionError) {
            switch answer {
            case .classes(let classes): draw(classes, into: canvas, scale, options)
            case .detections(let detections): draw(detections, into: canvas, scale, options)
            case .segmentation(let segmentation): try draw(segmentation, into: canvas, scale, options)
            case .depth(let depth): try draw(depth, into: canvas, scale, options)
            case .features: throw VisionError(.argument, "the result has no picture: the model gives tensors only")
            }
        } catch {
            throw OpsinError(error)
        }
    }

    private func draw(_ classes: [Classification], into canvas: Canvas, _ scale: DrawScale, _ options: DrawOptions) {
        guard options.showsLabels else { return }
        let entries = classes.map { LegendEntry(options.color($0.labelID, task), "\($0.label) \(percent(Double($0.score)))", share: $0.score) }
        canvas.draw(legend: entries, scale)
    }

    private func draw(_ detections: [Detection], into canvas: Canvas, _ scale: DrawScale, _ options: DrawOptions) {
        let across = Float(canvas.width) / Float(imageWidth), down = Float(canvas.height) / Float(imageHeight)
        let boxes = detections.map { found in
            NamedBox(
                x0: found.box.x0 * across, y0: found.box.y0 * down, x1: found.box.x1 * across, y1: found.box.y1 * down,
                name: options.showsLabels ? found.label : "", detail: options.showsLabels ? " " + hundredths(found.score) : "",
                color: options.color(found.labelID, task))
        }
        canvas.draw(boxes, scale)
        guard options.showsLegend else { return }
        var counts: [Int: Int] = [:]
        for found in detections { counts[found.labelID, default: 0] += 1 }
        var listed: Set<Int> = []
        let kinds = detections.filter { listed.insert($0.labelID).inserted }
        canvas.draw(legend: kinds.map { LegendEntry(options.color($0.labelID, task), "\(counts[$0.labelID] ?? 0) x \($0.label)") }, scale)
    }

    private func draw(_ mask: Segmentation, into canvas: Canvas, _ scale: DrawScale, _ options: DrawOptions) throws(VisionError) {
        let known = mask.segments.filter { $0.labelID != Int(Segmentation.outside) }
        let colors = Dictionary(known.map { ($0.labelID, options.color($0.labelID, task)) }, uniquingKeysWith: { first, _ in first })
        // What lies behind the labelled things stays as the photo has it.
        let background = known.filter { $0.labelID == 0 && ["background", "unlabeled", "__background__"].contains($0.label.lowercased()) }
        let drawing = try MaskDrawing(
            labels: mask.labelIDs, width: mask.width, height: mask.height, colors: colors, hidden: Set(background.map(\.labelID)),
            outside: Int(Segmentation.outside))
        switch options.style {
        case .overlay: canvas.draw(over: drawing, opacity: options.opacity, scale)
        case .map: canvas.draw(map: drawing)
        }
        guard options.showsLegend else { return }
        let listed = options.style == .map ? known : known.filter { !background.contains($0) }
        canvas.draw(legend: listed.map { LegendEntry(options.color($0.labelID, task), "\($0.label) \(percent($0.share))") }, scale)
    }

    private func draw(_ depth: DepthMap, into canvas: Canvas, _ scale: DrawScale, _ options: DrawOptions) throws(VisionError) {
        let ends = depth.ends
        let drawing = try DepthDrawing(
            values: depth.values, width: depth.width, height: depth.height, near: options.near ?? ends.near, far: options.far ?? ends.far,
            map: options.colorMap.table)
        canvas.draw(drawing, opacity: options.style == .map ? 1 : options.opacity)
        if options.showsLegend { canvas.draw(scaleOf: drawing, title: depth.kind.title, scale) }
    }
}

extension DrawOptions {
    /// The colour of a label: the caller's, else the task's.
    func color(_ label: Int, _ task: VisionTask) -> RGBColor { Palette.color(label, in: palette) ?? task.rgb(ofLabel: label) }
}

extension DepthMap {
    /// The values of the nearest and the farthest pixel.
    package var ends: (near: Float, far: Float) { kind == .relativeInverse ? (maximum, minimum) : (minimum, maximum) }
}

extension DepthMap.Kind {
    /// What the numbers are, for a legend.
    package var title: String {
        switch self {
        case .relativeInverse: "inverse depth, no unit"
        case .relative: "depth, no unit"
        case .metric: "depth in metres"
        }
    }
}

/// A score with two decimals.
private func hundredths(_ score: Float) -> String {
    guard score >= 0, score <= 1 else { return short(score) }
    let value = Int((score * 100).rounded())
    return "\(value / 100).\(value % 100 < 10 ? "0" : "")\(value % 100)"
}

/// A share as a percentage with one decimal.
private func percent(_ share: Double) -> String {
    guard share >= 0, share <= 1 else { return "" }
    let value = Int((share * 1000).rounded())
    return "\(value / 10).\(value % 10) %"
}
