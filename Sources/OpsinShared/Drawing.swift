public import COpsin
internal import Opsin
internal import OpsinVision

extension DrawOptions {
    /// The caller's options.
    init(_ asked: opsin_draw_options) throws(Failure) {
        self.init()
        let (flags, asksLine, asksText) = unsafe (asked.flags, asked.line_width, asked.text_height)
        try checkFlags(flags, known: [OPSIN_DRAW_NO_LABELS, OPSIN_DRAW_LEGEND], "options: flags")
        showsLabels = flags & OPSIN_DRAW_NO_LABELS == 0
        showsLegend = flags & OPSIN_DRAW_LEGEND != 0
        style = try DrawOptions.style(unsafe asked.style)
        colorMap = try DrawOptions.colorMap(unsafe asked.colormap)
        let (asksOpacity, asksNear, asksFar) = unsafe (asked.opacity, asked.near_value, asked.far_value)
        guard asksOpacity >= 0, asksOpacity <= 1 else { throw Failure(OPSIN_E_ARGUMENT, "options: opacity is \(asksOpacity), expected 0 to 1") }
        if asksOpacity > 0 { opacity = asksOpacity }
        guard asksLine >= 0, asksLine <= 1000 else { throw Failure(OPSIN_E_ARGUMENT, "options: line_width is \(asksLine), expected 0 to 1000") }
        guard asksText >= 0, asksText <= 1000 else { throw Failure(OPSIN_E_ARGUMENT, "options: text_height is \(asksText), expected 0 to 1000") }
        (lineWidth, textHeight) = (asksLine, asksText)
        guard asksNear.isFinite, asksFar.isFinite else {
            throw Failure(OPSIN_E_ARGUMENT, "options: near_value is \(asksNear) and far_value \(asksFar), expected numbers")
        }
        if asksNear != 0 || asksFar != 0 { (near, far) = (asksNear, asksFar) }
        let count = unsafe asked.palette_count
        guard let colors = unsafe asked.palette else {
            guard count == 0 else { throw .null("options: palette") }
            return
        }
        guard count <= 65_536 else { throw Failure(OPSIN_E_ARGUMENT, "options: palette_count is \(count), expected at most 65536") }
        palette = unsafe Array(UnsafeBufferPointer(start: colors, count: Int(count) * 3))
    }

    private static func style(_ number: Int32) throws(Failure) -> Style {
        switch number {
        case OPSIN_DRAW_OVERLAY: .overlay
        case OPSIN_DRAW_MAP: .map
        default: throw Failure(OPSIN_E_ARGUMENT, "options: style is \(number), expected 0 (overlay) or 1 (map)")
        }
    }

    private static func colorMap(_ number: Int32) throws(Failure) -> ColorMap {
        switch number {
        case OPSIN_COLORMAP_DEFAULT, OPSIN_COLORMAP_INFERNO: .inferno
        case OPSIN_COLORMAP_GRAY: .gray
        case OPSIN_COLORMAP_VIRIDIS: .viridis
        case OPSIN_COLORMAP_MAGMA: .magma
        case OPSIN_COLORMAP_TURBO: .turbo
        case OPSIN_COLORMAP_SPECTRAL: .spectral
        default: throw Failure(OPSIN_E_ARGUMENT, "options: colormap is \(number), expected 0 to 6 (OPSIN_COLORMAP_*)")
        }
    }
}

extension Canvas {
    /// The caller's pixels.
    init(_ asked: opsin_canvas) throws(Failure) {
        guard let data = unsafe asked.data else { throw .null("canvas: data") }
        let format = try unsafe PixelFormat(number: asked.format)
        do throws(VisionError) {
            self = unsafe try Canvas(
                data: data, format: format, width: Int(asked.width), height: Int(asked.height), strideBytes: Int(clamping: asked.stride_bytes))
        } catch {
            throw Failure(OPSIN_E_ARGUMENT, "canvas: \(error.description)")
        }
    }
}

@c @implementation
public func opsin_result_draw(
    _ result: OpaquePointer?, _ options: UnsafePointer<opsin_draw_options>?, _ canvas: UnsafePointer<opsin_canvas>?
) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let options = try unsafe DrawOptions(readOrDefault(options, "options"))
        let canvas = try unsafe Canvas(read(canvas, "canvas"))
        if let failure = object.failure { throw Failure(OPSIN_E_STATE, "the image failed: \(failure.message)") }
        guard let found = object.answer, found.imageWidth > 0, found.task != .features else {
            throw Failure(OPSIN_E_STATE, "the result has no picture: it holds tensors")
        }
        try opsin { () throws(OpsinError) in try found.draw(into: canvas, options) }
    }
}
