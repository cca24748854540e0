"""Every block of Python in docs/python.md and the module's README runs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import opsin
import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = ("docs/python.md", "bindings/python/README.md")
TASKS = ("detect", "segment", "depth")


def blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, text in enumerate(re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)):
            found.append((f"{page} {number}", text))
    return found


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks()])
def test_a_block_runs(text: str, tmp_path: Path) -> None:
    for task in TASKS:
        if f"opsin.{task}(" in text:
            try:
                opsin.Model(task)
            except opsin.OpsinError as error:
                pytest.skip(f"this build has no {task}: {error}")
    if "path/to/folder" in text:
        text = 'import opsin\npaths = ["cat.jpg"]\n' + text
        for written, meant in (('"path/to/folder"', '"classify"'), ('precision="fp16"', 'precision="fp32"'), ('"vulkan"', '"cpu"')):
            text = text.replace(written, meant)
    for name in ("cat.jpg", "street.jpg", "room.jpg"):
        shutil.copy(ROOT / "Examples/images/cat.jpg", tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'bindings/python')!r})\n{text}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
