"""Ray Data on two workers of this machine: the rows of single runs, also when a worker is killed. Run by `make check`; needs ray[data].

    python bindings/python/tests/ray_check.py [FOLDER OF PHOTOS]
"""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "bindings/python"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import opsin  # noqa: E402
import opsin.ray  # noqa: E402
import ray  # noqa: E402


class Dying(opsin.ray.Task):
    """The first worker that has seen two batches dies with the third in its hands, once."""

    def __init__(self, marker: str, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.marker, self.seen = marker, 0

    def __call__(self, batch: dict) -> dict:
        self.seen += 1
        if self.seen == 3:
            try:
                os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(batch)


def main() -> None:
    signal.alarm(300)  # A cluster that stands still must not stop the check with it.
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Examples/images"
    photos = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    with tempfile.TemporaryDirectory() as work:
        broken = Path(work) / "broken.jpg"
        broken.write_bytes(photos[0].read_bytes()[:1000])
        paths = [str(path) for path in photos] * (1 + 24 // len(photos)) + [str(broken)]
        marker = os.path.join(work, "died")
        # Two for the workers, the rest for what makes the blocks.
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        data = ray.data.from_items([{"path": path} for path in paths]).repartition(len(paths) // 2)
        found = data.map_batches(
            Dying, fn_constructor_kwargs={"marker": marker, "task": "classify", "threads": 1, "device": "cpu"}, concurrency=2, batch_size=2).take_all()
        died = os.path.exists(marker)
    session = opsin.Session(opsin.Model("classify", opsin.Runtime("cpu")), threads=1)
    assert died, "no worker was killed: the check checks nothing"
    assert sorted(row["path"] for row in found) == sorted(paths), "rows were lost or doubled"
    single = {path: json.loads(session.run(path).to_json())["classes"] for path in set(paths) - {str(broken)}}
    for row in found:
        if row["path"] == str(broken):
            assert row["error"] and not row["json"], row
        else:
            assert not row["error"] and json.loads(row["json"])["classes"] == single[row["path"]], row
    print(f"ray_check: {len(found)} rows of two workers, one of them killed, equal single runs")


if __name__ == "__main__":
    main()
