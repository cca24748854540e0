"""Benchmarks/compare on two small files of results, as a user calls it."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FRESH, STORED = HERE / "fresh.json", HERE / "stored.json"


def compare(*arguments):
    return subprocess.run([sys.executable, HERE.parent / "compare", *arguments], capture_output=True, text=True)


def test_flags_the_row_that_lost():
    run = compare(FRESH, STORED)
    assert run.returncode == 1
    flagged = [line.split() for line in run.stdout.splitlines() if line.endswith("LOST")]
    assert flagged == [["small", "cpu", "fp32", "1", "0.800", "0.896", "+12.0%", "LOST"]]
    # Without a ratio on one side, or only in one file: counted, not judged.
    assert run.stdout.splitlines()[-1].startswith("3 rows compared, 1 lost more than 10%; 2 rows not compared")


def test_a_wider_limit_and_equal_files_pass():
    assert compare(FRESH, STORED, "--limit", "0.13").returncode == 0
    run = compare(STORED, STORED)
    assert run.returncode == 0 and "LOST" not in run.stdout


def test_the_stored_results_of_the_repository_can_be_read():
    assert compare(HERE.parent / "results" / "latest.json").returncode == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema_version": 2, "rows": []}', '{"schema_version": 1, "rows": []}', '{"schema_version": 1, "rows": [{"model": "a"}]}',
     json.dumps({"schema_version": 1, "rows": [{"model": "a", "device": "cpu", "precision": "fp32", "threads": 1, "of_fastest_peer": "fast"}]})],
)  # fmt: skip
def test_refuses_what_is_no_file_of_results(tmp_path, text):
    other = tmp_path / "other.json"
    other.write_text(text)
    run = compare(other, STORED)
    assert run.returncode == 2 and run.stderr.startswith("compare: ") and len(run.stderr.splitlines()) == 1
    assert compare(tmp_path / "nothing.json", STORED).returncode == 2
