"""Every block of Python in the pages runs; `make check` runs them from the wheel, and those of other languages too (Scripts/run_snippets)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = ("docs/python.md", "docs/my-output-differs.md", "docs/getting-started.md", "bindings/python/README.md")


def blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, text in enumerate(re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)):
            found.append((f"{page} {number}", text))
    return found


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks()])
def test_a_block_runs(text: str, tmp_path: Path) -> None:
    for name in ("cat.jpg", "street.jpg", "room.jpg"):
        shutil.copy(ROOT / "Examples/images/cat.jpg", tmp_path / name)
    (tmp_path / "path/to").mkdir(parents=True)
    (tmp_path / "path/to/folder").symlink_to(ROOT / "Models/mobilenet_v2_1.0_224")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'bindings/python')!r})\n{text}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
