/// The page of `opsin bench --html`: one file with everything in it, for light and dark screens, that still shows all when scripts are off.
struct BenchPage {
    let model: String
    let runs: [Benchmark]

    var text: String {
        let facts = (runs.first?.facts ?? []).map { ($0.name.split(separator: "_").joined(separator: " "), $0.value) }
        let identity = (facts + Identity.rows.map { ($0.name, $0.value) }).map { "<dt>\($0.0.html)</dt><dd>\($0.1.html)</dd>" }.joined()
        let sections = runs.enumerated().map { index, run in BenchSection(run: run, number: index, against: index == 0 ? nil : runs.first).text }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>opsin bench: \(model.html)</title>
            <style>\(BenchPage.style)</style></head>
            <body>
            <header><h1>\(model.html)</h1><p class="sub">opsin bench, schema version 1</p></header>
            \(summary)
            \(sections.joined(separator: "\n"))
            <section><h2>Made with</h2><dl>\(identity)</dl></section>
            <script>\(BenchPage.script)</script>
            </body></html>

            """
    }

    /// All runs side by side.
    private var summary: String {
        let head = ["run", "median ms", "p90", "p99", "min", "first run ms", "load ms", "upload", "compute", "readback", "host", "largest difference"]
        let rows = runs.enumerated().map { index, run in
            let (latency, split) = (run.latency, run.split)
            let numbers = [
                latency.median, latency.p90, latency.p99, latency.min, run.firstRunMilliseconds, run.loadMilliseconds, split.upload, split.compute,
                split.readback,
                split.host,
            ]
            let difference =
                index == 0
                ? "the reference"
                : runs.first.flatMap { run.difference(from: $0) }.map { difference in
                    "\(difference.largest.short) (\(difference.relative.short) of the largest)"
                } ?? "-"
            let cells = numbers.map { "<td>\($0.short)</td>" }.joined()
            return
                "<tr><th scope=\"row\"><a href=\"#run\(index)\">\(BenchSection.title(run).html)</a></th>\(cells)<td class=\"text\">\(difference.html)</td></tr>"
        }
        let fallbacks = runs.flatMap(\.report.fallbacks).map { "<p class=\"warn\">\($0.what.html): \($0.reason.html)</p>" }.joined()
        return """
            <section class="wide"><h2>Runs</h2><div class="scroll"><table><thead><tr>\(head.map { "<th\($0 == head.last ? " class=\"text\"" : "")>\($0)</th>" }.joined())</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>\(fallbacks)
            <p class="sub">upload, compute, readback and host split a warm run; compute is the GPU's own clock, or the time inside kernels on the CPU.</p></section>
            """
    }
}

extension Benchmark {
    /// One self-contained page of these runs, without a reference to any other file.
    public static func page(model: String, _ runs: [Benchmark]) -> String { BenchPage(model: model, runs: runs).text }
}

extension String {
    /// As text of an HTML element or a quoted attribute.
    var html: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension Double {
    /// Four digits at most, for people.
    var short: String {
        guard isFinite else { return "\(self)" }
        let size = magnitude
        if size == 0 { return "0" }
        if size >= 1000 { return "\(Int(rounded(.toNearestOrAwayFromZero).clamped))" }
        if size >= 0.001 {
            let text = "\(rounded(places: size >= 100 ? 1 : size >= 1 ? 2 : 4))"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        var (mantissa, exponent) = (self, 0)
        while abs(mantissa) < 1, exponent > -400 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        return "\(mantissa.rounded(places: 1))e\(exponent)"
    }

    private var clamped: Double { Swift.min(Swift.max(self, -9e15), 9e15) }
}
