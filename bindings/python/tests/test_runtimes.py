"""Two libraries in one process, each with a Swift runtime of its own: loaded in either order, used from threads at once, and a clean end."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

USE = """
import ctypes, sys, threading
from pathlib import Path
other_path, photo, order = sys.argv[1:]

def other():
    library = ctypes.CDLL(other_path, ctypes.RTLD_GLOBAL)  # the worst case: all its swift_* for everybody who comes after
    library.other_work.argtypes, library.other_work.restype = [ctypes.c_int32], ctypes.c_int32
    return library

if order == "other first":
    library = other()
    assert library.other_work(1) == 0
    import opsin
else:
    import opsin
    assert opsin.classify(photo)[0].label == "Egyptian cat"
    library = other()
maps = Path("/proc/self/maps").read_text()
assert "libother.so" in maps and "libOpsinShared.so" in maps, "one of the two is not loaded"
failures = []

def ours():
    for task in ("classify", "detect", "depth"):
        result = getattr(opsin, task)(photo, threads=1)
        if not result.to_json().startswith('{"'): failures.append(task)

def theirs():
    found = library.other_work(300)
    if found: failures.append(f"other_work: {found}")

threads = [threading.Thread(target=target) for target in (ours, theirs) * 3]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failures, failures
assert opsin.classify(photo)[0].label == "Egyptian cat" and library.other_work(1) == 0
print("both")
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other library, compiled with Swift's runtime inside."""
    if shutil.which("swiftc") is None:
        pytest.skip("no swiftc: the other library cannot be made")
    folder = tmp_path_factory.mktemp("other")
    library = folder / "libother.so"
    swift = json.loads(subprocess.run(["swiftc", "-print-target-info"], capture_output=True, text=True, check=True).stdout)
    static = Path(swift["paths"]["runtimeResourcePath"] + "_static") / "linux"
    runtime = [f"-l{name}" for name in ("swiftCore", "swift_Concurrency", "swift_StringProcessing", "swift_RegexParser")]
    source = str(ROOT / "Tests/ABITests/OtherSwift/other.swift")
    compile_it = ["swiftc", "-O", "-swift-version", "6", "-parse-as-library", "-emit-object", "-module-name", "Other", source, "-o", "other.o"]
    # Not by swiftc, which would hide the runtime's names (--exclude-libs ALL).
    link_it = [
        "c++", "-shared", "-o", str(library), "other.o", str(next(static.rglob("swiftrt.o"))), f"-L{static}", "-Wl,--start-group", *runtime, "-Wl,--end-group",
        "-ldl", "-lpthread", "-ldispatch", "-lBlocksRuntime", "-lm"]
    for command in (compile_it, link_it):
        subprocess.run(command, check=True, cwd=folder)
    shown = subprocess.run(["readelf", "-d", "--dyn-syms", "-W", str(library)], capture_output=True, text=True, check=True).stdout
    assert "[libswiftCore" not in shown and " swift_retain" in shown, "it has no runtime of its own, or hides it: the test tests nothing"
    return library


@pytest.mark.parametrize("order", ["other first", "opsin first"])
def test_two_runtimes_in_one_process(order: str, other: Path, cat: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USE, str(other), str(cat), order], cwd=ROOT / "bindings/python", capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "both\n", ""), (done.returncode, done.stdout, done.stderr[-2000:])
