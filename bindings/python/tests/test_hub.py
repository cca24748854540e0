"""The hub's cache, and downloads from a server of this test's own."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import opsin
import opsin.hub
import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "Models/mobilenet_v2_1.0_224"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path


def keep(home: Path, root: Path, *, reference: str = "main") -> Path:
    """A repository as huggingface_hub keeps it: snapshots of links."""
    place = home / "hub/models--org--name"
    folder = place / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for file in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (folder / file).symlink_to(root / MODEL / file)
    (place / "refs").mkdir()
    (place / "refs" / reference).write_text(COMMIT)
    return folder


def test_a_cached_model_opens_without_any_network(environment: Path, root: Path, cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = keep(environment, root)
    assert opsin.hub.folder("org/name") == folder
    assert opsin.hub.folder("org/name", COMMIT) == folder
    assert opsin.classify(cat, model=opsin.hub.folder("org/name"))[0].label == "Egyptian cat"
    assert opsin.hub.cached("org/other") is None and opsin.hub.cached("org/name", "v2") is None
    with pytest.raises(opsin.NotFoundError, match="HF_HUB_OFFLINE"):
        opsin.hub.folder("org/other")


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opsin.hub.cache() == tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", "/there")
    assert opsin.hub.cache() == Path("/there")
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/else")
    assert opsin.hub.cache() == Path("/else/huggingface/hub")


@pytest.mark.parametrize("name", ["name", "org/name/more", "../name", "org/..", "org/na..me", "org/a--b", "/name", "org/", "", "org/na me"])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(opsin.ArgumentError):
        opsin.hub.folder(name)


def test_a_cached_repository_without_weights_is_none(environment: Path, root: Path) -> None:
    (keep(environment, root) / "model.safetensors").unlink()
    assert opsin.hub.cached("org/name") is None
    with pytest.raises(opsin.ArgumentError):
        opsin.hub.cached("org/name", "../../secret")


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's paths as a download takes."""

    files: dict[str, bytes] = {}
    asked: list[tuple[str, str | None]] = []

    def answer(self, body: bytes, kind: str, extra: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "X-Repo-Commit": COMMIT, **extra}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        Hub.asked.append((path, self.headers.get("Authorization")))
        if path.startswith("/api/models/org/name/tree/"):
            files = [{"type": "file", "path": file, "size": len(body), "oid": hashlib.sha1(body).hexdigest()} for file, body in Hub.files.items()]
            self.answer(json.dumps(files).encode(), "application/json", {})
            return
        if path.startswith("/api/models/org/name"):
            siblings = [{"rfilename": file} for file in Hub.files]
            self.answer(json.dumps({"id": "org/name", "sha": COMMIT, "siblings": siblings}).encode(), "application/json", {})
            return
        file = path.rsplit("/", 1)[-1]
        if path.startswith("/org/name/resolve/") and file in Hub.files:
            body = Hub.files[file]
            self.answer(body, "application/octet-stream", {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'})
            return
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(root: Path) -> Iterator[str]:
    Hub.files = {file.name: file.read_bytes() for file in (root / MODEL).iterdir() if file.suffix in (".json", ".safetensors")}
    Hub.files["pytorch_model.bin"] = b"a pickle that nobody may fetch"
    Hub.asked = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


def test_a_download_gives_the_folder(server: str, environment: Path, cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_ENDPOINT", server)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    folder = opsin.hub.folder("org/name")
    assert folder == environment / "hub/models--org--name/snapshots" / COMMIT
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "model.safetensors", "preprocessor_config.json"]
    assert opsin.classify(cat, model=folder)[0].label == "Egyptian cat"
    paths = [path for path, _ in Hub.asked]
    assert not any("pytorch_model" in path for path in paths)
    # huggingface_hub asks for other things of its own too.
    assert [path for path, token in Hub.asked if "org/name" in path and token != "Bearer hf_secret"] == []
    # The second time nothing is asked.
    Hub.asked.clear()
    assert opsin.hub.folder("org/name") == folder and not Hub.asked
    with pytest.raises(opsin.NotFoundError, match="org/missing"):
        opsin.hub.folder("org/missing")
