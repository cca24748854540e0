internal import Glibc

/// The roofline plot of a run: work per byte to the right, speed upwards, both logarithmic; no dot can be above the roof but by its caches.
struct Roofline {
    let run: Benchmark
    /// Which of the page's colours an op has.
    let colors: [String: Int]
    let labels: LayerLabels

    private static let width = 960.0
    private static let height = 440.0
    private static let left = 64.0
    private static let right = 20.0
    private static let top = 20.0
    private static let bottom = 46.0

    var svg: String {
        let (x, y) = (xAxis, yAxis)
        let total = max(run.ops.reduce(0) { $0 + $1.milliseconds }, 1e-9)
        // The largest first, so that none hides a smaller one.
        let dots = run.ops.sorted { $0.milliseconds > $1.milliseconds }.map { op in dot(op, x, y, share: op.milliseconds / total) }
        return """
            <div class="scroll"><svg class="roofline" viewBox="0 0 \(Int(Roofline.width)) \(Int(Roofline.height))" role="img" aria-label="roofline">
            \(grid(x, y))\(roofs(x, y))
            <g class="dots">\(dots.joined())</g>
            <g class="names">\(names(x, y))</g></svg></div>
            <p class="sub">A dot is an op, its area its share of the time; hollow: it only moves bytes, or was too short for the clock.</p>
            """
    }

    /// A logarithmic axis over whole decades.
    private struct Axis {
        let low: Int
        let high: Int
        let from: Double
        let to: Double

        init(_ values: [Double], low: Double, high: Double, from: Double, to: Double) {
            let all = values.filter { $0 > 0 && $0.isFinite }
            self.low = Int(floor(log10(max(min(all.min() ?? low, low), 1e-6))))
            self.high = max(self.low + 1, Int(ceil(log10(min(max(all.max() ?? high, high), 1e9)))))
            (self.from, self.to) = (from, to)
        }

        func place(_ value: Double) -> Double {
            let share = (log10(max(value, 1e-12)) - Double(low)) / Double(high - low)
            return from + min(max(share, 0), 1) * (to - from)
        }

        var decades: [Double] { (low...high).map { pow(10, Double($0)) } }
    }

    private var roof: (flops: Double, bytes: Double) { (run.peak.flops * 1e-9, run.peak.bytes * 1e-9) }

    private var xAxis: Axis {
        Axis(run.ops.map(\.intensity), low: 0.1, high: 100, from: Roofline.left, to: Roofline.width - Roofline.right)
    }

    private var yAxis: Axis {
        // What is far below everything else stands on the floor: a plot of ten decades would show nothing.
        let speeds = run.ops.map(\.gflops).filter { $0 > 0 }
        let floor = max((speeds.max() ?? 1) * 1e-5, 1e-3)
        return Axis(speeds.map { max($0, floor) } + [roof.flops * 1.3], low: 1, high: 10, from: Roofline.height - Roofline.bottom, to: Roofline.top)
    }

    private func grid(_ x: Axis, _ y: Axis) -> String {
        let (bottom, right) = (Roofline.height - Roofline.bottom, Roofline.width - Roofline.right)
        let columns = x.decades.map { value in
            let at = x.place(value).rounded(places: 1)
            return
                "<line x1=\"\(at)\" x2=\"\(at)\" y1=\"\(Roofline.top)\" y2=\"\(bottom)\"/><text x=\"\(at)\" y=\"\(bottom + 16)\" class=\"mid\">\(value.plain)</text>"
        }
        let rows = y.decades.map { value in
            let at = y.place(value).rounded(places: 1)
            return
                "<line x1=\"\(Roofline.left)\" x2=\"\(right)\" y1=\"\(at)\" y2=\"\(at)\"/><text x=\"\(Roofline.left - 6)\" y=\"\(at + 4)\" class=\"end\">\(value.plain)</text>"
        }
        let middle = (Roofline.left + right) / 2
        return "<g class=\"grid\">\(columns.joined())\(rows.joined())"
            + "<text x=\"\(middle)\" y=\"\(Roofline.height - 10)\" class=\"mid\">floating-point operations a byte</text>"
            + "<text x=\"14\" y=\"\(Roofline.height / 2)\" class=\"mid\" transform=\"rotate(-90 14 \(Roofline.height / 2))\">GFLOP/s</text></g>"
    }

    /// The slope of memory up to where the flat roof of arithmetic begins.
    private func roofs(_ x: Axis, _ y: Axis) -> String {
        guard roof.flops > 0, roof.bytes > 0 else { return "" }
        let ridge = roof.flops / roof.bytes
        let (lowest, highest) = (pow(10, Double(x.low)), pow(10, Double(x.high)))
        let start = max(lowest, pow(10, Double(y.low)) / roof.bytes)
        let corner = min(max(ridge, start), highest)
        let points = [
            (start, min(start * roof.bytes, roof.flops)), (corner, min(corner * roof.bytes, roof.flops)), (highest, min(highest * roof.bytes, roof.flops)),
        ]
        let line = points.map { "\(x.place($0.0).rounded(places: 1)),\(y.place($0.1).rounded(places: 1))" }.joined(separator: " ")
        let (flat, slope) = ((highest * corner).squareRoot(), (start * corner).squareRoot())
        // Where the slope is at the very left there is no room before it.
        let isSteep = x.place(slope) < Roofline.left + 130
        let besides = (place: x.place(slope) + (isSteep ? 8 : -8), anchor: isSteep ? "start" : "end")
        let slopeText =
            "<text x=\"\(besides.place.rounded(places: 1))\" y=\"\((y.place(slope * roof.bytes) + (isSteep ? 16 : -7)).rounded(places: 1))\" text-anchor=\"\(besides.anchor)\">\(roof.bytes.short) GB/s measured</text>"
        return "<g class=\"roof\"><polyline points=\"\(line)\"/>"
            + "<text x=\"\(x.place(flat).rounded(places: 1))\" y=\"\((y.place(roof.flops) - 7).rounded(places: 1))\" class=\"mid\">\(roof.flops.short) GFLOP/s measured</text>"
            + (ridge > start ? slopeText : "") + "</g>"
    }

    private func dot(_ op: OpProfile, _ x: Axis, _ y: Axis, share: Double) -> String {
        let radius = min(3 + (share * 1200).squareRoot(), 22)
        let about =
            "\(op.name)\n\(op.op), \(op.kernel)\n\(op.milliseconds.short) ms, \((share * 100).rounded(places: 1)) % of the time\n"
            + "\(op.gflops.short) GFLOP/s, \(op.gigabytesPerSecond.short) GB/s, \((op.roofShare(run.peak) * 100).rounded(places: 0).short) % of the roof"
        let hollow = op.gflops > 0 ? "" : " hollow"
        return "<circle class=\"dot c\(colors[op.op] ?? 7)\(hollow)\" cx=\"\(x.place(op.intensity).rounded(places: 1))\" "
            + "cy=\"\(y.place(op.gflops).rounded(places: 1))\" r=\"\(radius.rounded(places: 1))\"><title>\(about.html)</title></circle>"
    }

    /// The names of the costliest ops, beside their dots, where no other name stands.
    private func names(_ x: Axis, _ y: Axis) -> String {
        var taken: [(x: Double, y: Double, width: Double)] = []
        var texts: [String] = []
        for op in run.ops.sorted(by: { $0.milliseconds > $1.milliseconds }).prefix(12) where op.gflops > 0 && texts.count < 5 {
            let name = labels.short(op.name)
            let size = Double(name.count) * 6.2
            let toLeft = x.place(op.intensity) + size + 30 > Roofline.width
            let place = (x: toLeft ? x.place(op.intensity) - size - 24 : x.place(op.intensity) + 24, y: y.place(op.gflops) + 4, width: size)
            guard !taken.contains(where: { abs($0.y - place.y) < 14 && $0.x < place.x + place.width && place.x < $0.x + $0.width }) else { continue }
            taken.append(place)
            texts.append("<text x=\"\(place.x.rounded(places: 1))\" y=\"\(place.y.rounded(places: 1))\">\(name.html)</text>")
        }
        return texts.joined()
    }
}

extension OpProfile {
    /// Floating-point operations a byte.
    var intensity: Double { bytes > 0 ? Double(flops) / Double(bytes) : 0 }
}

extension Double {
    /// A power of ten as people write it.
    fileprivate var plain: String { self >= 1 ? "\(Int(Swift.min(self.rounded(), 9e15)))" : "\(self)" }
}
