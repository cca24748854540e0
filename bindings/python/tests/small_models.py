"""The models that ship, at inputs of a few pixels: every op of the four tasks in a millisecond or two, for tests that need thousands of runs."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

#: Task to its folder, what changes in the recipe, what changes in the configuration (fewer queries than the smaller maps have positions).
_CHANGES: dict[str, tuple[str, dict, dict]] = {
    "classify": ("mobilenet_v2_1.0_224", {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}, {}),
    "detect": ("deimv2_hgnetv2_atto_coco", {"size": {"height": 64, "width": 64}}, {"num_queries": 10}),
    "segment": ("deeplabv3_mobilenet_v2_1.0_513", {"size": {"height": 33, "width": 33}}, {}),
    # Keeps its aspect ratio: images of other forms are other plans, so that the plans that a session keeps come and go.
    "depth": ("tcmonodepth_small", {"size": {"height": 64, "width": 64}}, {}),
}

TASKS = tuple(_CHANGES)


def small_model(task: str, work: Path) -> Path:
    """A folder in ``work`` with the task's own weights and a small input."""
    name, recipe, configuration = _CHANGES[task]
    source, folder = ROOT / "Models" / name, work / task
    folder.mkdir()
    (folder / "model.safetensors").symlink_to(source / "model.safetensors")
    for file, changes in (("preprocessor_config.json", recipe), ("config.json", configuration)):
        (folder / file).write_text(json.dumps({**json.loads((source / file).read_text()), **changes}))
    return folder
