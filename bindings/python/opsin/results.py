"""What a task found: plain values and numpy views into the library's memory, which stays as long as any of them is used."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt

from . import _header as header
from . import drawing
from ._library import Handle, check, lib, made, text
from .errors import ArgumentError, OpsinError
from .images import ImageLike
from .options import DrawOptions, PathLike, path_of, real_number

if TYPE_CHECKING:
    from typing_extensions import Unpack

Item = TypeVar("Item")

_DEPTH_KINDS = {header.OPSIN_DEPTH_RELATIVE_INVERSE: "relative_inverse", header.OPSIN_DEPTH_RELATIVE: "relative", header.OPSIN_DEPTH_METRIC: "metric"}


@dataclass(frozen=True)
class Classification:
    """A label of the whole image."""

    #: The model's own index.
    label_id: int
    #: Its name.
    label: str
    #: Probability, 0 to 1.
    score: float


@dataclass(frozen=True)
class Detection:
    """An object with its box."""

    #: The model's own index.
    label_id: int
    #: Its name.
    label: str
    #: 0 to 1.
    score: float
    #: x0, y0, x1, y1 in pixels of the upright image.
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Segment:
    """A label that a mask holds."""

    #: The model's own index, as in the mask.
    label_id: int
    #: Its name.
    label: str
    #: Of the image, 0 to 1.
    share: float
    #: How many.
    pixels: int


@dataclass(frozen=True)
class Region:
    """A connected part of a mask."""

    #: The model's own index, as in the mask.
    label_id: int
    #: Its name.
    label: str
    #: How many.
    pixels: int
    #: x0, y0, x1, y1 in pixels of the upright image.
    box: tuple[float, float, float, float]
    #: [points, 2] float32: x and y along the pixels' edges, clockwise.
    outline: npt.NDArray[np.float32]


class _Memory:
    """Memory of the library as numpy sees it; keeps the result that it belongs to."""

    def __init__(self, address: int, shape: tuple[int, ...], dtype: npt.DTypeLike, owner: Any) -> None:
        self._owner = owner
        self.__array_interface__ = {"version": 3, "shape": shape, "typestr": np.dtype(dtype).str, "data": (address, True)}


def view(pointer: Any, shape: tuple[int, ...], dtype: npt.DTypeLike, owner: Any) -> npt.NDArray[Any]:
    """A read-only array over the library's memory."""
    address = ctypes.cast(pointer, ctypes.c_void_p).value
    if address is None or 0 in shape:
        return np.zeros(shape, dtype)
    return np.asarray(_Memory(address, shape, dtype, owner))


class _ResultHandle(Handle):
    _release = "opsin_result_release"


class Result:
    """What one image gave.

    Arrays of it are read-only views into the library's memory, which each of them keeps alive. It stays in its process: ``numpy.array(...)`` of an array, or
    ``to_json()``, is what goes to another.
    """

    # What draw() does unless told otherwise.
    _has_legend = False
    _style: Literal["overlay", "map"] = "overlay"
    # What was run, for draw(): the caller's own object, not a copy.
    _image: ImageLike | None = None
    _color = "rgb"

    def __init__(self, address: int) -> None:
        self._handle = _ResultHandle(address)

    @property
    def width(self) -> int:
        """Columns of the upright image, in whose pixels everything is given."""
        return self._size()[0]

    @property
    def height(self) -> int:
        """Rows of the upright image."""
        return self._size()[1]

    @property
    def timestamp_us(self) -> int:
        """The number that was given with the image."""
        return int(lib.opsin_result_timestamp_us(self._handle.handle))

    @property
    def timings(self) -> dict[str, float]:
        """Milliseconds of each stage: ``total``, ``decode``, ``preprocess``, ``run``, ``postprocess``."""
        taken = made(header.opsin_timings)
        check(lib.opsin_result_timings(self._handle.handle, ctypes.byref(taken)))
        return {name: float(getattr(taken, f"{name}_ms")) for name in ("total", "decode", "preprocess", "run", "postprocess")}

    @property
    def report(self) -> dict[str, Any]:
        """What really ran: device, precision, instruction set, threads, and what fell back and why."""
        found = ctypes.c_char_p()
        check(lib.opsin_result_report_json(self._handle.handle, ctypes.byref(found)))
        return dict(json.loads(text(found.value)))

    @property
    def tensors(self) -> dict[str, npt.NDArray[np.float32]]:
        """The model's raw outputs, when they were asked for (``logits=True``), and its features."""
        out: dict[str, npt.NDArray[np.float32]] = {}
        for index in range(lib.opsin_result_tensor_count(self._handle.handle)):
            tensor = made(header.opsin_tensor)
            check(lib.opsin_result_tensor(self._handle.handle, index, ctypes.byref(tensor)))
            out[text(tensor.name)] = view(tensor.data, tuple(tensor.dims[: tensor.rank]), np.float32, self._handle)
        return out

    def to_json(self, image: str | None = None) -> str:
        """The line that the command prints with ``--json``. ``image``: the name that it shall give the image; None: none."""
        found = ctypes.c_char_p()
        check(lib.opsin_result_to_json(self._handle.handle, image.encode() if image is not None else None, ctypes.byref(found)))
        return text(found.value)

    def draw(
        self, image: ImageLike | None = None, *, color: Literal["rgb", "bgr"] | None = None, **options: Unpack[DrawOptions]
    ) -> npt.NDArray[np.uint8]:
        """The photo with the result on it: [height, width, 3] uint8, red first.

        ``image``: the photo at any size; without it the one that was run (a path is read again). Options: ``style`` (``"overlay"``; ``"map"``: mask or depth
        alone), ``labels``, ``legend`` (names of colours, or the scale of a depth map), ``colormap`` (inferno, viridis, magma, turbo, spectral, gray),
        ``opacity`` (0: 0.55), ``line_width`` and ``text_height`` in pixels (0: by the size of the picture), ``near`` and ``far`` (depth values at the ends
        of the colours; both 0: the map's own), ``palette`` ([labels, 3]).
        """
        photo = image if image is not None else self._image
        if photo is None:
            raise ArgumentError("the result has no image of its own: pass it to draw() or plot()")
        canvas = drawing.rgb_copy(photo, color or (self._color if image is None else "rgb"))
        self._draw_into(canvas, "rgb", options)
        return canvas

    def draw_on(self, array: npt.NDArray[np.uint8], *, color: Literal["rgb", "bgr"] = "rgb", **options: Unpack[DrawOptions]) -> None:
        """Draws into an array of the caller's, [height, width, 3 or 4] uint8, which holds the photo at any size; ``color="bgr"`` for OpenCV's. No copy is made.

        Options as ``draw``.
        """
        self._draw_into(array, color, options)

    def plot(self, image: ImageLike | None = None, *, color: Literal["rgb", "bgr"] | None = None, **options: Unpack[DrawOptions]) -> Any:
        """``draw`` as a Pillow image, or as the array where Pillow is not installed."""
        return drawing.pillow_or_array(self.draw(image, color=color, **options))

    def _repr_png_(self) -> bytes | None:
        """A notebook shows the picture, where the result has one."""
        return drawing.png(self.draw()) if self._image is not None and lib.opsin_result_task(self._handle.handle) != header.OPSIN_TASK_NONE else None

    def _draw_into(self, array: npt.NDArray[np.uint8], color: str, options: DrawOptions) -> None:
        wanted: DrawOptions = {"style": self._style, "legend": self._has_legend}
        wanted.update(options)
        drawing.draw_into(self._handle.handle, array, color=color, **wanted)

    def _size(self) -> tuple[int, int]:
        width, height = ctypes.c_int32(), ctypes.c_int32()
        check(lib.opsin_result_image_size(self._handle.handle, ctypes.byref(width), ctypes.byref(height)))
        return width.value, height.value

    def _show(self, function: str, kind: Any) -> Any:
        value = made(kind)
        check(getattr(lib, function)(self._handle.handle, ctypes.byref(value)))
        return value


class _ListResult(Result, Sequence[Item], Generic[Item]):
    """A result that is a sequence of what was found."""

    _found: Any

    # Made when somebody looks: many programs take the arrays only.
    _made: list[Item] | None = None

    def _make(self) -> list[Item]:
        raise NotImplementedError

    @property
    def _items(self) -> list[Item]:
        if self._made is None:
            self._made = self._make()
        return self._made

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        return self._items[index]

    def __len__(self) -> int:
        return int(self._found.count)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"


class Classes(_ListResult[Classification]):
    """The labels of an image, best first: a sequence of ``Classification``."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self._found = self._show("opsin_result_classes", header.opsin_classes)

    @property
    def class_id(self) -> npt.NDArray[np.int32]:
        """[count] the model's own indices."""
        return view(self._found.label_id, (self._found.count,), np.int32, self._handle)

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """[count] probabilities from 0 to 1."""
        return view(self._found.score, (self._found.count,), np.float32, self._handle)

    def _make(self) -> list[Classification]:
        found = self._found
        return [Classification(int(found.label_id[i]), text(found.label[i]), float(found.score[i])) for i in range(found.count)]

    def _repr_html_(self) -> str:
        return drawing.table([(c.label, f"{c.score:.3f}") for c in self], ("label", "score"))


class Detections(_ListResult[Detection]):
    """The objects of an image, best first: a sequence of ``Detection``. ``xyxy``, ``confidence`` and ``class_id`` are named as in supervision.Detections."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self._found = self._show("opsin_result_detections", header.opsin_detections)

    @property
    def xyxy(self) -> npt.NDArray[np.float32]:
        """[count, 4] x0, y0, x1, y1 in pixels of the upright image."""
        return view(self._found.box, (self._found.count, 4), np.float32, self._handle)

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """[count] scores from 0 to 1."""
        return view(self._found.score, (self._found.count,), np.float32, self._handle)

    @property
    def class_id(self) -> npt.NDArray[np.int32]:
        """[count] the model's own indices."""
        return view(self._found.label_id, (self._found.count,), np.int32, self._handle)

    def _make(self) -> list[Detection]:
        found, items = self._found, []
        for i in range(found.count):
            x0, y0, x1, y1 = (float(found.box[4 * i + side]) for side in range(4))
            items.append(Detection(int(found.label_id[i]), text(found.label[i]), float(found.score[i]), (x0, y0, x1, y1)))
        return items

    def _repr_html_(self) -> str:
        return drawing.table([(d.label, f"{d.score:.3f}", *(f"{side:.1f}" for side in d.box)) for d in self], ("label", "score", "x0", "y0", "x1", "y1"))

    @property
    def data(self) -> dict[str, list[str]]:
        """``class_name``, as supervision keeps it."""
        return {"class_name": [item.label for item in self._items]}


class Segmentation(Result):
    """A label for each pixel."""

    _has_legend = True

    def __init__(self, address: int) -> None:
        super().__init__(address)
        found = self._show("opsin_result_mask", header.opsin_mask)
        shape = (int(found.height), int(found.width))
        #: [height, width] uint16: the model's own indices; 65535 where the model did not look, because its recipe crops.
        self.mask: npt.NDArray[np.uint16] = view(found.label_id, shape, np.uint16, self._handle)
        #: [height, width] probability of that label; None unless asked for (``confidence=True``).
        self.confidence: npt.NDArray[np.float32] | None = view(found.confidence, shape, np.float32, self._handle) if found.confidence else None
        parts = self._show("opsin_result_segments", header.opsin_segments)
        #: The labels that occur, the largest share first.
        self.segments: list[Segment] = [
            Segment(int(parts.label_id[i]), text(parts.label[i]), float(parts.share[i]), int(parts.pixels[i])) for i in range(parts.count)]

    @property
    def regions(self) -> list[Region]:
        """Connected regions, the largest first. Only when asked for (``regions=True``)."""
        found = self._show("opsin_result_regions", header.opsin_regions)
        out = []
        for i in range(found.count):
            points, count = ctypes.POINTER(ctypes.c_float)(), ctypes.c_uint32()
            check(lib.opsin_result_region_outline(self._handle.handle, i, ctypes.byref(points), ctypes.byref(count)))
            x0, y0, x1, y1 = (float(found.box[4 * i + side]) for side in range(4))
            outline = view(points, (count.value, 2), np.float32, self._handle)
            out.append(Region(int(found.label_id[i]), text(found.label[i]), int(found.pixels[i]), (x0, y0, x1, y1), outline))
        return out

    def rle(self, label_id: int) -> dict[str, Any]:
        """COCO's compressed run-length encoding of a label: ``{"size": [height, width], "counts": text}``."""
        counts = ctypes.c_char_p()
        check(lib.opsin_result_mask_rle(self._handle.handle, label_id, ctypes.byref(counts)))
        return {"size": list(self.mask.shape), "counts": text(counts.value)}

    def save(self, path: PathLike) -> None:
        """Writes the mask as a PNG of label ids with the model's palette: 8 bits, 16 where there are more than 256 labels."""
        check(lib.opsin_result_save(self._handle.handle, path_of("path", path)))

    def __repr__(self) -> str:
        return f"Segmentation({self.mask.shape[1]} x {self.mask.shape[0]}, {self.segments!r})"


class Depth(Result):
    """A distance for each pixel."""

    _has_legend = True
    _style: Literal["overlay", "map"] = "map"

    def __init__(self, address: int) -> None:
        super().__init__(address)
        found = self._show("opsin_result_depth", header.opsin_depth)
        #: [height, width] float32; what the numbers mean is ``kind``.
        self.depth: npt.NDArray[np.float32] = view(found.data, (int(found.height), int(found.width)), np.float32, self._handle)
        #: ``relative_inverse`` (larger is nearer), ``relative`` (larger is farther) or ``metric`` (metres).
        self.kind: str = _DEPTH_KINDS.get(int(found.kind), "unknown")
        #: Least finite value.
        self.min: float = float(found.min)
        #: Largest finite value.
        self.max: float = float(found.max)

    def percentile(self, percent: float) -> float:
        """The value below which ``percent`` (0 to 100) of the finite pixels lie, as ``numpy.percentile`` has it."""
        value = ctypes.c_float()
        check(lib.opsin_result_depth_percentile(self._handle.handle, real_number("percent", percent), ctypes.byref(value)))
        return float(value.value)

    def save(self, path: PathLike) -> None:
        """Writes ``.npy`` or ``.pfm`` (float32 [height, width]), or a 16-bit ``.png`` stretched over the range."""
        check(lib.opsin_result_save(self._handle.handle, path_of("path", path)))

    def __repr__(self) -> str:
        return f"Depth({self.depth.shape[1]} x {self.depth.shape[0]}, {self.kind}, {self.min:g} to {self.max:g})"


class Features(Result):
    """The maps of a model that has no task of its own: ``tensors``."""


_KINDS: dict[int, type[Result]] = {
    header.OPSIN_TASK_CLASSIFY: Classes, header.OPSIN_TASK_DETECT: Detections, header.OPSIN_TASK_SEGMENT: Segmentation, header.OPSIN_TASK_DEPTH: Depth,
}


def result_of(address: int) -> Result | OpsinError:
    """The result of a handle, which it takes over; of an image that failed in a batch its exception."""
    from .errors import error_of

    status = lib.opsin_result_status(address)
    if status < 0:
        error = error_of(status, text(lib.opsin_result_error(address)))
        lib.opsin_result_release(address)
        return error
    return _KINDS.get(lib.opsin_result_task(address), Features)(address)
