"""ctypes' picture of opsin.h is the compiler's."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opsin import _header as header


def structures() -> list[type[ctypes.Structure]]:
    return [kind for kind in vars(header).values() if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and kind is not ctypes.Structure]


def test_the_file_is_what_the_header_gives(root: Path) -> None:
    subprocess.run([sys.executable, root / "Scripts/python_header.py", "--check"], check=True)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_sizes_and_offsets_are_those_of_c(root: Path, tmp_path: Path) -> None:
    lines = ["#include <opsin.h>", "#include <stdio.h>", "int main(void) {"]
    expected = []
    for kind in structures():
        lines.append(f'    printf("{kind.__name__} %zu\\n", sizeof({kind.__name__}));')
        expected.append(f"{kind.__name__} {ctypes.sizeof(kind)}")
        for field in kind._fields_:
            lines.append(f'    printf("{kind.__name__}.{field[0]} %zu\\n", offsetof({kind.__name__}, {field[0]}));')
            expected.append(f"{kind.__name__}.{field[0]} {getattr(kind, field[0]).offset}")
    source = tmp_path / "layout.c"
    source.write_text("\n".join([*lines, "    return 0;", "}"]))
    subprocess.run(["cc", f"-I{root / 'include'}", str(source), "-o", str(tmp_path / "layout")], check=True)
    found = subprocess.run([str(tmp_path / "layout")], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(structures()) >= 20
    assert found == expected


def test_a_structure_is_made_as_its_own_function_makes_it() -> None:
    from opsin._library import lib, made

    for kind in structures():
        ours, theirs = made(kind), kind()
        getattr(lib, f"{kind.__name__}_init")(ctypes.byref(theirs), ctypes.sizeof(theirs))
        assert bytes(ours) == bytes(theirs), kind.__name__
