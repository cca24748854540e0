"""A task for Ray Data: a folder of a million photos on a cluster.

    import opsin.ray, ray
    photos = ray.data.read_binary_files("s3://photos", include_paths=True)
    found = photos.map_batches(opsin.ray.Task, fn_constructor_kwargs={"task": "classify"}, concurrency=8, batch_size=16)
    found.write_parquet("s3://answers")

Each worker opens the model once. Ray itself is not imported here. A photo that fails costs only its own row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .errors import ArgumentError, OpsinError
from .options import PathLike, Precision, RunOptions, one_of
from .results import Classes, Depth, Detections, Result, Segmentation
from .session import TASKS, Model, Runtime, Session, TaskName

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Task"]

#: Columns in which photos are looked for, in this order: bytes of files, decoded images, paths.
COLUMNS = ("bytes", "image", "path")


class Task:
    """A callable for ``map_batches``: a batch with a column of photos to the same batch with what was found.

    The column of photos goes, unless it is ``path``; these come:

    - ``error``: why the photo has no result, "" when it has one.
    - ``json``: the line that the command prints, "" for a photo that failed.
    - ``classify``: ``label``, ``label_id`` and ``score`` of the best class. ``detect``: ``count``.
    - With ``arrays=True`` also what is large: ``detect``: ``boxes`` [count, 4], ``scores``, ``label_ids``; ``segment``: ``mask`` [height, width] uint16;
      ``depth``: ``depth`` [height, width] float32 and its ``kind``.

    ``model``: a folder that every worker can read; None: the model that ships. ``column``: the name of the column of photos; None: the first of ``bytes``,
    ``image`` and ``path`` that is there. ``options`` are those of ``Session.configure``.
    """

    def __init__(
        self, task: TaskName = "classify", *, model: PathLike | None = None, column: str | None = None, device: str = "auto",
        precision: Precision = "default", threads: int = 0, color: Literal["rgb", "bgr"] = "rgb", arrays: bool = False, **options: Unpack[RunOptions],
    ) -> None:
        one_of("task", task, TASKS)
        self._task, self._column, self._color, self._arrays = task, column, color, arrays
        opened = Model(model if model is not None else task, Runtime(device))
        if opened.task != task:
            raise ArgumentError(f"the model is one to {opened.task}, expected one to {task}")
        self._session = Session(opened, precision=precision, threads=threads)
        self._session.configure(**options)

    def __call__(self, batch: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        name = self._column or next((known for known in COLUMNS if known in batch), None)
        if name is None or name not in batch:
            raise ArgumentError(f"no column {name or ' or '.join(COLUMNS)}, the batch has {', '.join(batch)}")
        photos = [bytes(photo) if isinstance(photo, (bytes, bytearray, memoryview)) else photo for photo in batch[name]]
        # One row at a time, so that no mask or depth map lives longer than its copy.
        rows = [self._row(result) for result in self._session.map(photos, color=self._color)]
        out = {column: values for column, values in batch.items() if column != name or name == "path"}
        for column in rows[0] if rows else ():
            values = [row[column] for row in rows]
            if isinstance(values[0], np.ndarray):
                packed: npt.NDArray[Any] = np.empty(len(values), dtype=object)
                for index, value in enumerate(values):
                    packed[index] = value
                out[column] = packed
            else:
                out[column] = np.array(values)
        return out

    def _row(self, result: Result | OpsinError) -> dict[str, Any]:
        failed = isinstance(result, OpsinError)
        row: dict[str, Any] = {"error": str(result) if failed else "", "json": "" if isinstance(result, OpsinError) else result.to_json()}
        if self._task == "classify":
            best = result[0] if isinstance(result, Classes) and len(result) else None
            row |= {"label": best.label if best else "", "label_id": best.label_id if best else -1, "score": best.score if best else 0.0}
        elif self._task == "detect":
            found = result if isinstance(result, Detections) else None
            row["count"] = len(found) if found is not None else 0
            if self._arrays:
                row["boxes"] = np.array(found.xyxy) if found is not None else np.zeros((0, 4), np.float32)
                row["scores"] = np.array(found.confidence) if found is not None else np.zeros(0, np.float32)
                row["label_ids"] = np.array(found.class_id) if found is not None else np.zeros(0, np.int32)
        elif self._task == "segment" and self._arrays:
            row["mask"] = np.array(result.mask) if isinstance(result, Segmentation) else np.zeros((0, 0), np.uint16)
        elif self._task == "depth" and self._arrays:
            row["depth"] = np.array(result.depth) if isinstance(result, Depth) else np.zeros((0, 0), np.float32)
            row["kind"] = result.kind if isinstance(result, Depth) else ""
        return row
