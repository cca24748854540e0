"""What the tests share: the module of this tree, and its photos."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings/python"), str(Path(__file__).parent)]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def cat() -> Path:
    return ROOT / "Examples/images/cat.jpg"
