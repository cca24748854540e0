#!/usr/bin/env python3
"""Packs the Python module with the library and the models into a wheel, and has auditwheel check its manylinux tag.

    make_wheel.py STAGED VERSION OUT

STAGED is a folder that `Scripts/dist stage` made. The module is pure Python over ctypes, so one wheel serves every Python 3 (py3-none-PLATFORM). The codecs lie
beside the library under names of their own (the hash of their bytes), so that those of another wheel in the same process are never taken for them.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
METADATA = """Metadata-Version: 2.1
Name: opsin
Version: {version}
Summary: A perception SDK: an image goes in; labels, boxes, a mask or a depth map come out
License: Apache-2.0
Requires-Python: >=3.9
Requires-Dist: numpy
Description-Content-Type: text/markdown

{readme}"""


def glibc_tag(files: list[Path]) -> str:
    """The oldest manylinux tag whose glibc has every symbol version that the files ask for."""
    newest = (2, 17)
    for file in files:
        text = subprocess.run(["objdump", "-T", str(file)], capture_output=True, text=True, check=True).stdout
        for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", text):
            newest = max(newest, (int(major), int(minor)))
    return f"manylinux_{newest[0]}_{newest[1]}_{os.uname().machine}"


def copy_libraries(staged: Path, target: Path) -> tuple[list[Path], dict[str, str]]:
    """The library and, under hashed names, the codecs that it needs; the names inside the files follow."""
    library = target / "libopsin.so.0"
    shutil.copy((staged / "lib/libopsin.so").resolve(), library)
    renamed: dict[str, str] = {}
    files = [library]
    for codec in sorted(staged.glob("lib/lib*.so.*")):
        if codec.name.startswith("libopsin.so"):
            continue
        stem, tail = codec.name.split(".so", 1)
        name = f"{stem}-{hashlib.sha256(codec.read_bytes()).hexdigest()[:8]}.so{tail}"
        shutil.copy(codec, target / name)
        renamed[codec.name] = name
        files.append(target / name)
    for file in files:
        if file != library:
            subprocess.run(["patchelf", "--set-soname", file.name, str(file)], check=True)
        for old, new in renamed.items():
            subprocess.run(["patchelf", "--replace-needed", old, new, str(file)], check=True)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", str(file)], check=True)
    return files, renamed


def record(wheel: zipfile.ZipFile, name: str, data: bytes, mode: int, lines: list[str]) -> None:
    """Adds one file with a fixed date, so that the same input gives the same wheel."""
    entry = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    lines.append(f"{name},sha256={digest},{len(data)}")


def main() -> None:
    staged, version, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as work:
        package = Path(work) / "opsin"
        shutil.copytree(ROOT / "bindings/python/opsin", package, ignore=shutil.ignore_patterns("__pycache__", "*.so*", "models"))
        libraries, codecs = copy_libraries(staged, package)
        (package / "bin").mkdir()
        command = package / "bin/opsin"
        shutil.copy(staged / "bin/opsin", command)
        for old, new in codecs.items():
            subprocess.run(["patchelf", "--replace-needed", old, new, str(command)], check=True)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/..", str(command)], check=True)
        libraries.append(command)
        shutil.copytree(staged / "share/opsin/models", package / "models")
        tag = f"py3-none-{glibc_tag(libraries)}"
        info = f"opsin-{version}.dist-info"
        target = out / f"opsin-{version}-{tag}.whl"
        readme = (ROOT / "bindings/python/README.md").read_text()
        lines: list[str] = []
        with zipfile.ZipFile(target, "w") as wheel:
            for file in sorted(path for path in package.rglob("*") if path.is_file()):
                record(wheel, str(file.relative_to(work)), file.read_bytes(), 0o755 if file in libraries else 0o644, lines)
            for licence in sorted((staged / "share/doc/opsin").iterdir()):
                record(wheel, f"{info}/licenses/{licence.name}", licence.read_bytes(), 0o644, lines)
            record(wheel, f"{info}/METADATA", METADATA.format(version=version, readme=readme).encode(), 0o644, lines)
            head = f"Wheel-Version: 1.0\nGenerator: opsin-dist\nRoot-Is-Purelib: false\nTag: {tag}\n"
            record(wheel, f"{info}/WHEEL", head.encode(), 0o644, lines)
            record(wheel, f"{info}/entry_points.txt", b"[console_scripts]\nopsin = opsin.__main__:main\n", 0o644, lines)
            lines.append(f"{info}/RECORD,,")
            record(wheel, f"{info}/RECORD", ("\n".join(lines) + "\n").encode(), 0o644, [])
    if shutil.which("auditwheel"):
        shown = subprocess.run(["auditwheel", "show", str(target)], capture_output=True, text=True)
        print("make_wheel:", " ".join(shown.stdout.split())[:400] or shown.stderr.strip()[-400:])


if __name__ == "__main__":
    main()
