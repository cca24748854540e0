"""Times Opsin and its peers (CPU: ONNX Runtime, OpenVINO; Vulkan: ncnn) on the same models in one run, in turns; writes Benchmarks/results/latest.json.

    Benchmarks/run [--device cpu vulkan] [--models NAME ...] [--threads 1 2] [--precisions fp32 bf16 int8] [--rounds 5] [--slice 0.25] [--opsin PATH] [--output FILE]

A machine's speed moves from second to second (clock, neighbours, caches), so nothing is timed in one block: for each model and number of threads every
runtime gets a short slice in turn, a different one first in each round, and a number is the median over the rounds of the slices' medians. Batch 1,
wall time of a run with the input in memory. Each runtime lives in a process of its own that sleeps while another is timed.

Rows of the output file that this run does not measure stay in it, each with the run that it came from.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import export_models
import int8_models
import machine
import results
from opsin_runtime import Opsin, OpsinFailed

HERE = Path(__file__).resolve().parent
# Which peers stand beside which device and precision of Opsin.
PEERS = {"cpu": {"fp32": ("onnxruntime", "openvino"), "bf16": ("openvino_bf16",), "int8": ("onnxruntime_int8",)}, "vulkan": {"fp32": ("ncnn_vulkan",)}}
# The models of a device, where none are named. Some take seconds a run on a driver that is a CPU.
SLOW_ON_A_CPU_DRIVER = ("moat_0", "deeplabv3_mobilenet_v2_os8", "depth_anything_v2_small", "deformable_detr_r50")
MODELS = {"cpu": list(export_models.MODELS), "vulkan": [name for name in export_models.MODELS if name not in SLOW_ON_A_CPU_DRIVER]}
# A runtime whose fp32 answer is further from torch's than this, of the largest value, computes something else and is not timed.
LARGEST_DIFFERENCE = 1e-3
# Between slices: the pools of the runtime that ran last stop spinning.
PAUSE_S = 0.05


class Worker:
    """A peer in its own process (worker.py)."""

    def __init__(self, runtime, folder, threads, **extra):
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENVINO_TELEMETRY_DISABLE": "1"} | extra
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", runtime, folder, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.facts = self.answer()["ready"]

    def answer(self):
        """The next line, or the reason why there is none."""
        line = self.process.stdout.readline()
        if not line:
            reason = self.process.stderr.read().strip().splitlines()
            self.process.wait()
            raise RuntimeError(reason[-1] if reason else "it ended without a word")
        return json.loads(line)

    def slice(self, seconds):
        """Runs for that long."""
        self.process.stdin.write(json.dumps({"seconds": seconds}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        """Waits until the process is gone, so that its processor time is known."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def say(text):
    """Progress, beside the table."""
    print(text, file=sys.stderr, flush=True)


def check(runtime):
    """Refuses a wrong answer. In bf16 these random weights make any answer rough: its difference is kept, and not judged."""
    difference = runtime.facts["difference"]
    if not difference <= LARGEST_DIFFERENCE:
        raise ValueError(f"the answer differs from torch's by {difference:.1e} of its largest value")


def opsin_folder(folder, precision):
    """What Opsin opens: in int8 the folder that `opsin quantize` made of the model's."""
    return int8_models.folder(folder.name) if precision == "int8" else folder


def start_opsin(folder, device, precision, threads, options):
    """On the CPU each slice is a process of its own, so that the command's clock is what counts; on Vulkan, whose set-up takes seconds, one worker."""
    if device == "vulkan":
        return Worker("opsin_vulkan", folder, os.cpu_count() or 1, OPSIN_LIBRARY=str(options.opsin.resolve().parent / "libopsin.so"))
    opsin = Opsin(options.opsin, folder, threads, precision, device)
    opsin.facts = {"difference": opsin.difference()}
    opsin.slice(0.1)
    return opsin


def start(folder, device, precisions, threads, options, skipped):
    """Every runtime that works here for this model: name -> worker."""
    runtimes = {}
    for precision in precisions:
        if options.opsin:
            try:
                if precision == "int8":
                    int8_models.make_folder(folder.name, options.opsin)
                opsin = start_opsin(opsin_folder(folder, precision), device, precision, threads, options)
                if precision == "fp32":
                    check(opsin)
                runtimes[f"opsin_{precision}"] = opsin
            except (OpsinFailed, OSError, KeyError, RuntimeError, ValueError) as reason:
                skipped[f"opsin {device} {precision} {folder.name}"] = str(reason)
        for name in PEERS[device][precision]:
            try:
                if precision == "int8":
                    int8_models.onnx(folder.name)
                worker = Worker(name, folder, threads or os.cpu_count() or 1)
                if precision == "fp32":
                    check(worker)
                runtimes[name] = worker
            except (RuntimeError, ValueError) as reason:
                skipped[f"{name} {folder.name}"] = str(reason)
    if device == "vulkan":
        same_device(runtimes)
    return runtimes


def same_device(runtimes):
    """Refuses to compare two Vulkan devices."""
    names = {name: runtime.facts.get("device_name") for name, runtime in runtimes.items()}
    if len(set(names.values())) > 1:
        raise SystemExit("peers: the runtimes took different Vulkan devices: " + ", ".join(f"{k} {v}" for k, v in names.items()))


def take_turns(runtimes, options):
    """Slices in turn; name -> list of slices."""
    slices = {name: [] for name in runtimes}
    names = list(runtimes)
    for turn in range(options.rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            slices[name].append(runtimes[name].slice(options.slice))
            time.sleep(PAUSE_S)
    return slices


def summary(slices):
    """The numbers that are kept of one runtime."""
    medians = [s["median_ms"] for s in slices]
    return {
        "median_ms": round(statistics.median(medians), 4),
        "min_ms": round(min(s["min_ms"] for s in slices), 4),
        "slice_medians_ms": [round(median, 4) for median in medians],
    }


def ratio(opsin, peers):
    """Opsin's time over that of the peer with the least median: within each round, where both met the same machine, then the median over the rounds."""
    if not opsin or not peers:
        return None
    fastest = min(peers.values(), key=lambda peer: peer["median_ms"])
    return round(statistics.median(a / b for a, b in zip(opsin["slice_medians_ms"], fastest["slice_medians_ms"])), 3)


def precisions_here(name, device, options, skipped):
    """The precisions asked for that this device has here and that this model is measured in."""
    found = [precision for precision in options.precisions if precision in PEERS[device] and (precision != "int8" or name in int8_models.MODELS)]
    if device == "cpu" and "bf16" in found and not machine.cpu_flags() & {"avx512_bf16", "amx_bf16"}:
        skipped["bf16"] = "this processor has no bf16 instructions"
        found.remove("bf16")
    return found


def measure(name, device, threads, options, skipped):
    """The rows of one model, device and number of threads (none on a GPU): one for each precision."""
    folder, other, precisions = export_models.WORK / name, machine.OtherLoad(), precisions_here(name, device, options, skipped)
    runtimes = start(folder, device, precisions, threads, options, skipped)
    if not runtimes:
        return []
    slices = take_turns(runtimes, options)
    kept = {key: summary(slices[key]) | {"difference": runtimes[key].facts["difference"]} for key in runtimes}
    shares = {p: Opsin(options.opsin, opsin_folder(folder, p), threads, p, device).roof_share() for p in precisions if f"opsin_{p}" in runtimes}
    device_name = next(iter(runtimes.values())).facts.get("device_name")
    for runtime in runtimes.values():
        if isinstance(runtime, Worker):
            runtime.end()
    rows, load = [], other.share()
    for precision in precisions:
        peers = {peer: kept[peer] for peer in PEERS[device][precision] if peer in kept}
        opsin = kept.get(f"opsin_{precision}")
        if not peers and not opsin:
            continue
        rows.append({
            "model": name, "device": device, "precision": precision, "threads": threads,
            "opsin_ms": opsin["median_ms"] if opsin else None,
            "peers": {peer: kept[peer]["median_ms"] for peer in peers},
            "roof_share": shares.get(precision),
            "of_fastest_peer": ratio(opsin, peers),
            "details": ({"opsin": opsin} if opsin else {}) | peers,
            "other_load": load,
            **({"device_name": device_name} if device != "cpu" else {}),
        })  # fmt: skip
    return rows


def cold_start(name, options, skipped):
    """From nothing to the first result with one thread. Opsin: the whole process. A peer: from before its import to its first output, without the time
    that Python itself and numpy take to start, which a C program would not pay."""
    folder, times = export_models.WORK / name, {}
    for _ in range(options.rounds):
        if options.opsin and f"opsin cpu fp32 {name}" not in skipped:
            try:
                times.setdefault("opsin", []).append(Opsin(options.opsin, folder, 1, "fp32").cold_start_ms())
            except OpsinFailed as reason:
                skipped[f"opsin cold start {name}"] = str(reason)
        for peer in PEERS["cpu"]["fp32"]:
            if f"{peer} {name}" not in skipped:
                worker = Worker(peer, folder, 1)
                times.setdefault(peer, []).append(worker.facts["load_ms"] + worker.facts["first_run_ms"])
                worker.end()
    return {"model": name, "threads": 1, "precision": "fp32"} | {key: round(statistics.median(values), 1) for key, values in times.items()}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--models", nargs="+", default=None, choices=list(export_models.MODELS), help="by default those of each device")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of the CPU rows")
    parser.add_argument("--precisions", nargs="+", default=list(PEERS["cpu"]), choices=list(PEERS["cpu"]))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slice", type=float, default=0.25, help="seconds")
    parser.add_argument("--cold-starts", nargs="*", default=["mobilenetv4_conv_small"], metavar="MODEL", help="with the CPU only")
    parser.add_argument("--opsin", type=Path, default=HERE.parent / ".build/release/opsin")
    parser.add_argument("--output", type=Path, default=HERE / "results/latest.json")
    options = parser.parse_args()
    options.threads = [t for t in options.threads if t <= (os.cpu_count() or 1)]
    options.cold_starts = options.cold_starts if "cpu" in options.device else []
    return options


def work(options):
    """(device, model, threads) of all that is asked for."""
    for device in options.device:
        for name in options.models or MODELS[device]:
            for threads in options.threads if device == "cpu" else [None]:
                yield device, name, threads


def make_models(options):
    """Exports what is not there yet."""
    wanted = {(name, device == "vulkan") for device, name, _ in work(options)} | {(name, False) for name in options.cold_starts}
    for name, ncnn in sorted(wanted):
        if not export_models.have(name) or ncnn and not export_models.have_ncnn(name):
            say(f"exporting {name}")
            flags = ["--ncnn"] if ncnn else []
            subprocess.run([sys.executable, "-W", "ignore", HERE / "export_models.py", *flags, name], check=True, stdout=subprocess.DEVNULL)


def main():
    options, skipped, rows = arguments(), {}, []
    if not options.opsin.exists():
        skipped["opsin"] = f"there is no {options.opsin} (make build makes it)"
        options.opsin = None
    make_models(options)
    before, date = os.getloadavg()[0], datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    for device, name, threads in work(options):
        say(f"{name}, {device}" + (f", {threads} thread{'s' if threads > 1 else ''}" if threads else ""))
        rows += measure(name, device, threads, options, skipped)
    cold = [cold_start(name, options, skipped) for name in options.cold_starts]
    facts = {name: json.loads((export_models.WORK / name / "facts.json").read_text()) for _, name, _ in work(options)}
    run = {
        "machine": machine.describe(),
        "versions": machine.versions(options.opsin),
        "load_average": {"before": round(before, 2), "after": round(os.getloadavg()[0], 2)},
        "method": {"rounds": options.rounds, "slice_s": options.slice, "batch": 1, "number": "median over rounds of the slices' medians"},
    }  # fmt: skip
    result = {
        "schema_version": 1, "date": date, **run, "models": facts, "rows": [row | {"run": date} for row in rows], "cold_start_ms": cold,
        "skipped": skipped, "runs": {date: run},
    }  # fmt: skip
    result = results.merge(results.read(options.output), result, (list(PEERS), list(export_models.MODELS)))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    results.print_table(rows)
    for entry in cold:
        print(f"cold start of {entry['model']}: " + ", ".join(f"{k} {v} ms" for k, v in entry.items() if k not in ("model", "threads", "precision")))
    for what, reason in skipped.items():
        say(f"not measured: {what}: {reason}")


if __name__ == "__main__":
    main()
