"""What a Python programmer expects of a module: errors that name the argument, names that exist, objects that show themselves, copies that are refused."""

import copy
import inspect
import pickle
import typing
from pathlib import Path

import numpy as np
import opsin
import opsin.hub
import opsin.ray
import pytest
from opsin.errors import error_of


@pytest.fixture(scope="module")
def session() -> opsin.Session:
    return opsin.Session(opsin.Model("classify", opsin.Runtime("cpu")))


@pytest.mark.parametrize(("argument", "value"), [
    ("top_k", -1), ("top_k", "five"), ("top_k", 2**40), ("max_count", 1.5), ("threshold", "high"), ("threshold", float("nan")), ("allow", "cat"), ("allow", 7),
    ("deny", "cat"), ("fit", "best"),
])
def test_an_option_that_is_wrong_is_named(argument: str, value: object, session: opsin.Session, cat: Path) -> None:
    before = list(session.run(cat, top_k=2))
    with pytest.raises(opsin.ArgumentError, match=f"^{argument} is .*, expected "):
        session.run(cat, **{argument: value})
    with pytest.raises(opsin.ArgumentError, match=f"^{argument} is "):
        opsin.classify(cat, **{argument: value})
    assert list(session.run(cat)) == before, "a refused option changes nothing"


@pytest.mark.parametrize(("call", "message"), [
    (lambda: opsin.Runtime(3), "device is 3"), (lambda: opsin.Runtime("warp"), 'device "warp"'), (lambda: opsin.Model(None), "source is None"),
    (lambda: opsin.Model("classify", "cpu"), "runtime is 'cpu'"), (lambda: opsin.Session("classify"), "model is 'classify'"),
    (lambda: opsin.Session(opsin.Model("classify"), threads=-1), "threads is -1"),
    (lambda: opsin.Session(opsin.Model("classify"), precision="fp8"), "precision is 'fp8'"),
    (lambda: opsin.Session(opsin.Model("classify"), features="stem"), "features is 'stem'"), (lambda: opsin.classify(5), "type int"),
    (lambda: opsin.classify(np.zeros((3, 60, 80), np.uint8)), r"transpose\(1, 2, 0\)"), (lambda: opsin.classify("a\0b"), "image has a zero byte"),
    (lambda: opsin.classify(np.zeros((8, 8, 3), np.uint8), color="hsv"), "color is 'hsv'"), (lambda: opsin.ray.Task("paint"), "task is 'paint'"),
    (lambda: opsin.classify(np.zeros((8, 8, 3), np.uint8), model=opsin.Model("detect")), "one to detect, expected one to classify"),
])
def test_an_argument_that_is_wrong_is_named(call: typing.Callable[[], object], message: str) -> None:
    with pytest.raises(opsin.ArgumentError, match=message):
        call()
    with pytest.raises(ValueError, match=message):
        call()


class Refusing:
    """A tensor that numpy cannot read: bfloat16, or on a GPU."""

    dtype, device = "torch.bfloat16", "cuda:0"

    def __dlpack__(self, **_: object) -> object:
        raise BufferError("Unsupported dtype")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def test_tensors_that_numpy_cannot_read_are_named() -> None:
    with pytest.raises(opsin.ArgumentError, match="torch.bfloat16 on cuda:0.*expected uint8"):
        opsin.classify(Refusing())
    with pytest.raises(opsin.ArgumentError, match=r"shape \(2, 30, 40, 3\) is a batch.*Session.map"):
        opsin.classify(np.zeros((2, 30, 40, 3), np.uint8))


def test_detections_have_supervisions_fields(cat: Path) -> None:
    """What supervision.Detections(xyxy=, confidence=, class_id=, data=) takes, with its shapes and types."""
    found = opsin.detect(cat)
    count = len(found)
    assert count > 0 and found.xyxy.shape == (count, 4) and found.confidence.shape == found.class_id.shape == (count,)
    assert found.xyxy.dtype == found.confidence.dtype == np.float32 and np.issubdtype(found.class_id.dtype, np.integer)
    assert found.data["class_name"] == [thing.label for thing in found] and len(found.data["class_name"]) == count
    assert tuple(found.xyxy[0]) == found[0].box
    nothing = opsin.detect(cat, threshold=0.999)
    assert len(nothing) == 0 and nothing.xyxy.shape == (0, 4) and nothing.data == {"class_name": []}


def test_unknown_options_are_a_type_error(session: opsin.Session, cat: Path) -> None:
    with pytest.raises(TypeError, match="topk"):
        session.run(cat, topk=3)
    with pytest.raises(TypeError, match="colour"):
        session.run(cat).draw(colour="red")


def test_objects_show_themselves(session: opsin.Session, cat: Path) -> None:
    assert repr(session.model.runtime).startswith("Runtime('cpu', ")
    assert repr(session.model) == "Model('mobilenet_v2', classify, 1001 labels)" and repr(session) == f"Session({session.model!r})"
    closed = opsin.Session(session.model)
    closed.close()
    assert repr(closed) == "Session(closed)"
    assert repr(session.run(cat, top_k=1)).startswith("Classes([Classification(label_id=286, label='Egyptian cat', score=0.4")


def test_handles_are_neither_copied_nor_pickled(session: opsin.Session, cat: Path) -> None:
    result = session.run(cat)
    for thing in (session, session.model, session.model.runtime, result, session.preprocess(cat)):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            pickle.dumps(thing)
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            copy.deepcopy(thing)
    with pytest.raises(TypeError):
        copy.copy(session)
    # What is plain goes anywhere, and an array of a result becomes one of its own.
    assert pickle.loads(pickle.dumps(result[0])) == result[0] and pickle.loads(pickle.dumps(opsin.devices())) == opsin.devices()
    assert np.array_equal(pickle.loads(pickle.dumps(result.confidence)), result.confidence)


def test_errors_travel_between_processes() -> None:
    for status in range(-15, 0):
        error = error_of(status, "what, expected, found")
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error) and again.status == status


def test_memory_and_profile(cat: Path) -> None:
    session = opsin.Session(opsin.Model("classify", opsin.Runtime("cpu")), profile=True, timeout_ms=5000, kept_plans=1)
    session.run(cat)
    profile, memory = session.profile, session.memory
    assert profile["runs"] == 1 and len(profile["ops"]) > 20 and all(op["ms"] >= 0 for op in profile["ops"])
    assert memory["activations"] > 1_000_000
    runtime = session.model.runtime
    assert runtime.memory["weights"] > 1_000_000 and runtime.memory["host_peak"] >= runtime.memory["host_now"] > memory["activations"]
    runtime.trim()
    assert session.run(cat)[0].label == "Egyptian cat"


def test_a_folder_called_like_a_task_is_not_taken(tmp_path: Path, cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "classify").mkdir()
    monkeypatch.chdir(tmp_path)
    assert opsin.Model("classify").task == "classify"
    with pytest.raises(opsin.OpsinError, match="config.json"):
        opsin.Model("./classify")


def test_the_name_of_a_repository_is_recognised() -> None:
    with pytest.raises(opsin.NotFoundError, match=r"opsin.hub.folder\('timm/some_model'\)"):
        opsin.Model("timm/some_model")


def test_every_public_name_is_there_and_has_a_docstring() -> None:
    for module in (opsin, opsin.hub, opsin.ray):
        for name in module.__all__:
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            assert inspect.getdoc(value), f"{module.__name__}.{name}"
            for member, thing in vars(value).items() if inspect.isclass(value) else ():
                if not member.startswith("_") and (inspect.isfunction(thing) or isinstance(thing, property)):
                    assert inspect.getdoc(thing), f"{name}.{member}"
            if inspect.isfunction(value):
                hints = inspect.signature(value)
                assert all(parameter.annotation is not parameter.empty for parameter in hints.parameters.values()), name
