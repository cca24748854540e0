/// The part of a bench page about one run: roofline, timeline, table.
struct BenchSection {
    let run: Benchmark
    let number: Int
    let against: Benchmark?

    static func title(_ run: Benchmark) -> String {
        let threads = run.report.threads > 0 ? ", \(run.report.threads) thread\(run.report.threads == 1 ? "" : "s")" : ""
        return "\(run.report.device.kind.rawValue) \(run.report.precision.rawValue)\(threads)\(run.batch > 1 ? ", batch \(run.batch)" : "")"
    }

    var text: String {
        let device = run.report.device
        let about = [device.name, device.driver, run.report.isa, run.report.dispatches > 0 ? "\(run.report.dispatches) dispatches" : ""]
        let cold = run.cold.parts.map { "\($0.name.split(separator: "_").joined(separator: " ")) \($0.milliseconds.short) ms" }.joined(separator: ", ")
        let bound =
            device.kind == .vulkan && run.split.isHostBound
            ? "<p class=\"warn\">host-bound: the host takes longer than the kernels; a larger batch would use the device better.</p>" : ""
        guard !run.ops.isEmpty else {
            return "<section id=\"run\(number)\"><h2>\(BenchSection.title(run).html)</h2><p>No ops were measured.</p></section>"
        }
        return """
            <section id="run\(number)"><h2>\(BenchSection.title(run).html)</h2>
            <p class="sub">\(about.filter { !$0.isEmpty }.joined(separator: " · ").html)<br>cold: \(cold.html)<br>noise: \(run.noise.text.html)</p>\(bound)
            \(legend)
            <h3>Roofline</h3>\(Roofline(run: run, colors: colors, labels: labels).svg)
            <h3>Timeline</h3>\(timeline)
            <h3>Ops</h3>\(table)</section>
            """
    }

    /// Kinds of op by time, the costliest first; the eighth colour is for all others.
    private var kinds: [(op: String, milliseconds: Double)] {
        var sums: [String: Double] = [:]
        for op in run.ops { sums[op.op, default: 0] += op.milliseconds }
        return sums.map { (op: $0.key, milliseconds: $0.value) }.sorted { ($0.milliseconds, $1.op) > ($1.milliseconds, $0.op) }
    }

    private var colors: [String: Int] {
        Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1.op, min($0, 7)) })
    }

    /// How people find a layer again, shorter than its path.
    private var labels: LayerLabels { LayerLabels(run.ops.map(\.name)) }

    private var total: Double { max(run.ops.reduce(0) { $0 + $1.milliseconds }, 1e-9) }

    private var legend: String {
        let items = kinds.enumerated().map { index, kind in
            "<span><i class=\"c\(min(index, 7))\"></i>\(kind.op.html) <b>\((kind.milliseconds / total * 100).rounded(places: 1)) %</b></span>"
        }
        return "<div class=\"legend\">\(items.joined())</div>"
    }

    /// Each op as wide as its time, in the order in which they run; buttons widen it.
    private var timeline: String {
        let (colors, labels) = (colors, labels)
        var start = 0.0
        let bars = run.ops.map { op in
            let (left, width) = (start / total * 100, op.milliseconds / total * 100)
            start += op.milliseconds
            let about = "\(op.name): \(op.op), \(op.milliseconds.short) ms, \(width.rounded(places: 1)) %"
            return
                "<div class=\"bar c\(colors[op.op] ?? 7)\" style=\"left:\(left.rounded(places: 3))%;width:\(width.rounded(places: 3))%\" title=\"\(about.html)\">"
                + "\(labels.short(op.name).html)</div>"
        }
        // Nine of ten: the last but one would stand in the last one's text.
        let ticks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10].map { tick in
            "<span style=\"left:\(tick * 10)%\"\(tick == 10 ? " class=\"last\"" : "")>\((total * Double(tick) / 10).short)\(tick == 10 ? " ms" : "")</span>"
        }
        return """
            <div class="zoom" data-for="line\(number)"><button data-by="0.5">&minus;</button><button data-by="2">+</button><button data-by="0">fit</button>
            <span class="sub">each bar is an op, as wide as its time; scroll sideways, point for its name</span></div>
            <div class="scroll"><div class="line" id="line\(number)">\(bars.joined())<div class="ticks">\(ticks.joined())</div></div></div>
            """
    }

    private var table: String {
        let head = ["layer", "op", "kernel", "share", "ms", "GFLOP/s", "GB/s", "FLOP/byte", "of roof"]
        let (labels, isa) = (labels, " " + run.report.isa)
        let rows = run.ops.map { op in
            // The instruction set is the same for all and stands above.
            let kernel = isa.count > 1 && op.kernel.hasSuffix(isa) ? String(op.kernel.dropLast(isa.count)) : op.kernel
            let share = op.milliseconds / total
            let numbers = [op.milliseconds, op.gflops, op.gigabytesPerSecond, op.intensity]
            let cells = numbers.map { "<td data-v=\"\($0)\">\($0.short)</td>" }.joined()
            let roof = op.roofShare(run.peak)
            return
                "<tr><th scope=\"row\" title=\"\(op.name.html)\">\(labels.short(op.name).html)</th><td class=\"text\">\(op.op.html)</td><td class=\"text\">\(kernel.html)</td>"
                + "<td data-v=\"\(share)\"><i class=\"share\" style=\"width:\((share * 300).rounded(places: 1))px\"></i>\((share * 100).rounded(places: 1)) %</td>"
                + "\(cells)<td data-v=\"\(roof)\">\((roof * 100).rounded(places: 0).short) %</td></tr>"
        }
        let names = head.map { "<th\(["op", "kernel"].contains($0) ? " class=\"text\"" : "")><button class=\"sort\">\($0)</button></th>" }.joined()
        return
            "<div class=\"scroll tall\"><table class=\"sortable\"><thead><tr>\(names)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table></div>"
    }
}

/// Layers' paths without what nearly all of them have: `mobilenet_v2.` in front, `.convolution` behind.
struct LayerLabels {
    private let prefix: String

    init(_ names: [String]) {
        let first = names.first?.split(separator: ".", maxSplits: 1).first.map { $0 + "." } ?? ""
        // A classifier stands beside the network that it belongs to.
        prefix = names.count > 1 && names.count(where: { $0.hasPrefix(first) }) * 20 >= names.count * 19 ? String(first) : ""
    }

    func short(_ name: String) -> String {
        let suffix = ".convolution"
        let head = !prefix.isEmpty && name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        return head.hasSuffix(suffix) ? String(head.dropLast(suffix.count)) : head
    }
}
