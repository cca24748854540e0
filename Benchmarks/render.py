"""Writes the tables of docs/benchmarks.md again, between their markers, from Benchmarks/results/latest.json.

    python3 Benchmarks/render.py [RESULTS.json [PAGE.md]]
"""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- results: begin (Benchmarks/render.py) -->", "<!-- results: end -->"


def size(side):
    """The input of a model: one number for a square."""
    return str(side) if isinstance(side, int) else " x ".join(map(str, side))


def cell(median, details):
    """A median, with the least time behind it."""
    return f"{median:.2f} ({details['min_ms']:.2f})" if median is not None and details else "–"


def machine_line(date, result, rows):
    """Where and when, in a sentence, and which rows."""
    machine, versions, load = result["machine"], result["versions"], result["load_average"]
    where = f"{machine['cpu']} (family/model/stepping {machine['family']}), {machine['cpus']} processors"
    where += f" under {machine['hypervisor']}" if machine.get("hypervisor") else ""
    what = f"ONNX Runtime {versions.get('onnxruntime', '?')}, OpenVINO {versions.get('openvino', '?')}"
    what += f", ncnn {versions['ncnn']}" if versions.get("ncnn") else ""
    what += f", Opsin {versions['opsin_commit']}" if versions.get("opsin_commit") else ""
    return (
        f"{date[:10]} {date[11:16]} UTC{of_rows(rows)}: {where}, {', '.join(machine['flags'])}; {what}. "
        f"Load average {load['before']} before, {load['after']} after; "
        f"{result['method']['rounds']} rounds of {result['method']['slice_s']} s a runtime."
    )


def of_rows(rows):
    """The models and devices of a run, where other runs made other rows."""
    devices = {"cpu": "CPU", "vulkan": "Vulkan"}
    parts = []
    for device in dict.fromkeys(row["device"] for row in rows):
        models = dict.fromkeys(row["model"] for row in rows if row["device"] == device)
        parts.append(f"{devices[device]}: {', '.join(models)}")
    return f" ({'; '.join(parts)})"


def runs(result):
    """A sentence for each run that rows are left of."""
    found = result.get("runs") or {result["date"]: result}
    return [
        machine_line(date, facts, [row for row in result["rows"] if row.get("run", result["date"]) == date]) for date, facts in sorted(found.items())
    ]


def ratio(row):
    """The number to compare by."""
    return f"{row['of_fastest_peer']:.2f}" if row["of_fastest_peer"] else "–"


def share(row):
    """The share of the device's own peak."""
    return f"{row['roof_share']:.0%}" if row["roof_share"] else "–"


def vulkan_table(result):
    """The rows of Vulkan devices as Markdown."""
    rows = [row for row in result["rows"] if row["device"] == "vulkan"]
    lines = [
        "| model | device | precision | Opsin | ncnn (Vulkan) | Opsin / ncnn | share of peak | other load |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        details, peers = row["details"], row["peers"]
        lines.append("| " + " | ".join([
            f"{row['model']} {size(result['models'][row['model']]['side'])}", row["device_name"] or "–", row["precision"],
            cell(row["opsin_ms"], details.get("opsin")), cell(peers.get("ncnn_vulkan"), details.get("ncnn_vulkan")),
            ratio(row), share(row), f"{row['other_load']:.0%}",
        ]) + " |")  # fmt: skip
    return lines if rows else []


def cpu_table(result):
    """The rows of the CPU as Markdown."""
    lines = [
        "| model | precision | threads | Opsin | ONNX Runtime | OpenVINO | Opsin / fastest peer | share of peak | other load |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        if row["device"] != "cpu":
            continue
        details, peers = row["details"], row["peers"]
        openvino = "openvino_bf16" if row["precision"] == "bf16" else "openvino"
        onnxruntime = "onnxruntime_int8" if row["precision"] == "int8" else "onnxruntime"
        lines.append("| " + " | ".join([
            f"{row['model']} {size(result['models'][row['model']]['side'])}", row["precision"], str(row["threads"]),
            cell(row["opsin_ms"], details.get("opsin")), cell(peers.get(onnxruntime), details.get(onnxruntime)),
            cell(peers.get(openvino), details.get(openvino)),
            ratio(row), share(row), f"{row['other_load']:.0%}",
        ]) + " |")  # fmt: skip
    return lines


def cold_starts(result):
    """From nothing to the first result, as Markdown."""
    lines = ["| from the start to the first result, 1 thread | Opsin | ONNX Runtime | OpenVINO |", "|---|---:|---:|---:|"]
    for entry in result["cold_start_ms"]:
        times = [f"{entry[key]:.0f} ms" if key in entry else "–" for key in ("opsin", "onnxruntime", "openvino")]
        lines.append(f"| {entry['model']} | " + " | ".join(times) + " |")
    return lines if result["cold_start_ms"] else []


def main():
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results/latest.json"
    page = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE.parent / "docs/benchmarks.md"
    result, text = json.loads(source.read_text()), page.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"render: {page}: no place for the table (expected a line '{BEGIN}' and a line '{END}')")
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    skipped = [f"- not measured: {what}: {reason}" for what, reason in result["skipped"].items()]
    lines = "\n\n".join(runs(result)).split("\n")
    blocks = [lines, cpu_table(result), vulkan_table(result), cold_starts(result), skipped]
    page.write_text(head + "\n" + "\n\n".join("\n".join(block) for block in blocks if block) + "\n" + tail)


if __name__ == "__main__":
    main()
