"""Import, use, exit: a hundred processes, each with another way of leaving things undone, end without a word. Run by `make check`.

    python bindings/python/tests/exit_check.py [COUNT]   (100)
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CAT = str(ROOT / "Examples/images/cat.jpg")

#: What a process does before it ends; all of them print one line, and nothing else.
VARIANTS = {
    "plain": f"import opsin; print(opsin.classify({CAT!r})[0].label)",
    "never used": "import opsin; print(opsin.library_path())",
    "live handles": (
        f"import opsin; session = opsin.Session(opsin.Model('classify')); result = session.run({CAT!r}); view = result.confidence\n"
        "everything = [opsin.Runtime('cpu'), opsin.Model('detect'), session, result, view, session.preprocess(open(" + repr(CAT) + ", 'rb').read())]\n"
        "everything.append(everything); print(len(everything))"),
    "a call in flight": (
        "import opsin, threading, time\n"
        "def work():\n"
        "    session = opsin.Session(opsin.Model('classify'))\n"
        f"    while True: session.run({CAT!r}); begun.set()\n"
        "begun = threading.Event()\n"
        "for _ in range(2): threading.Thread(target=work, daemon=True).start()\n"
        "begun.wait(); print('left')"),
    "os._exit": f"import opsin, os; print(opsin.classify({CAT!r})[0].label, flush=True); os._exit(0)",
    "sys.exit in a thread's shadow": (
        "import opsin, sys, threading\n"
        f"threads = [threading.Thread(target=opsin.classify, args=({CAT!r},)) for _ in range(3)]\n"
        "for thread in threads: thread.start()\n"
        "print('left'); sys.exit()"),
    "vulkan": (
        f"import opsin; kept = opsin.classify({CAT!r}, device='vulkan'); session = opsin.Session(opsin.Model('classify', opsin.Runtime('vulkan')))\n"
        "print(kept[0].label)"),
}


def ends_well(variant: str, code: str | None = None) -> str | None:
    """Why a process did not end as it should; None when it did."""
    done = subprocess.run(
        [sys.executable, "-c", code or VARIANTS[variant]], cwd=ROOT / "bindings/python", capture_output=True, text=True, timeout=120)
    if done.returncode or done.stderr or done.stdout.count("\n") != 1:
        return f"{variant}: exit {done.returncode}, printed {done.stdout!r}, said {done.stderr[-500:]!r}"
    return None


def main() -> None:
    count, start = int(sys.argv[1]) if len(sys.argv) > 1 else 100, time.perf_counter()
    names = list(VARIANTS)
    failures = [failure for index in range(count) if (failure := ends_well(names[index % len(names)])) is not None]
    for failure in failures:
        print(f"exit_check: {failure}", file=sys.stderr)
    assert not failures, f"{len(failures)} of {count} processes did not end well"
    print(f"exit_check: {count} processes, {len(names)} ways to end, all well, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
