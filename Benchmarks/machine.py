"""What the numbers were measured on: machine, versions, and how much else ran."""
import importlib.metadata
import os
import platform
import resource
import subprocess
from pathlib import Path

# The instruction sets that a kernel here or in a peer is chosen by.
FLAGS = (
    "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_tile", "amx_int8", "amx_bf16", "asimd", "bf16",
)  # fmt: skip


def cpu_flags():
    """The flags of the first processor, x86 or Arm."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.split(":")[0].strip() in ("flags", "Features"):
            return set(line.split(":", 1)[1].split())
    return set()


def output_of(*command):
    """What a command prints, or nothing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def describe():
    """The machine as a dictionary of strings and numbers."""
    rows = dict(line.split(":", 1) for line in output_of("lscpu").splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in rows.items()}
    flags = cpu_flags()
    memory = next((int(line.split()[1]) // 2**20 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")), None)
    return {
        "cpu": facts.get("Model name", platform.processor()),
        "family": f"{facts.get('CPU family', '?')}/{facts.get('Model', '?')}/{facts.get('Stepping', '?')}",
        "cpus": os.cpu_count(),
        "threads_per_core": facts.get("Thread(s) per core"),
        "caches": {key: facts[key] for key in ("L1d cache", "L2 cache", "L3 cache") if key in facts},
        "flags": [flag for flag in FLAGS if flag in flags],
        "hypervisor": facts.get("Hypervisor vendor"),
        "memory_gib": memory,
        "system": f"{platform.system()} {platform.release()}",
        "governor": output_of("cat", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
    }


def versions(opsin):
    """Versions of all that was measured."""
    found = {"python": platform.python_version()}
    for package in ("torch", "timm", "onnx", "onnxruntime", "openvino", "ncnn", "pnnx"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    here = Path(__file__).resolve().parent
    found["opsin_commit"] = output_of("git", "-C", str(here), "describe", "--always", "--dirty") if opsin else None
    return found


class OtherLoad:
    """Share of the machine's processor time that other processes took since this was made (0: a quiet machine)."""

    def __init__(self):
        self.before = self.sample()

    @staticmethod
    def sample():
        """(busy, all) time of the machine, and what this process and the children it has waited for used, in seconds."""
        values = [int(v) / os.sysconf("SC_CLK_TCK") for v in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(values) - values[3] - values[4], sum(values), sum(u.ru_utime + u.ru_stime for u in own)

    def share(self):
        """Call it when the children have ended: a living child's time counts as another's."""
        busy, whole, own = (after - before for after, before in zip(self.sample(), self.before))
        return round(max(0.0, (busy - own) / max(whole, 1e-9)), 3)
