"""Model folders of the Hugging Face hub: found in its cache, downloaded by ``huggingface_hub`` where that is installed.

>>> import opsin, opsin.hub
>>> model = opsin.Model(opsin.hub.folder("timm/mobilenetv4_conv_small.e2400_r224_in1k"))

The environment counts as for everything of Hugging Face's: ``HF_HUB_CACHE``, ``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN``, ``HF_HUB_OFFLINE``. Nothing else of
Opsin uses the network.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from .errors import ArgumentError, NotFoundError

__all__ = ["cache", "cached", "folder"]

#: What Opsin reads of a repository: never pickled weights, never code.
FILES = ("config.json", "preprocessor_config.json", "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_YES = ("1", "ON", "YES", "TRUE")


def cache() -> Path:
    """Where downloaded repositories are kept: ``$HF_HUB_CACHE``, else ``hub`` in ``$HF_HOME``, else in ``huggingface`` of the user's cache folder."""
    chosen = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def _checked(name: str, revision: str) -> None:
    if not _NAME.fullmatch(name) or ".." in name or "--" in name:
        raise ArgumentError(f'"{name[:100]}" is no name of a repository, expected "org/name"')
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise ArgumentError(f'"{revision[:100]}" is no revision, expected a branch, a tag or a commit')


def cached(name: str, revision: str = "main") -> Path | None:
    """The folder of a repository that was downloaded before, with its weights; None when there is none."""
    _checked(name, revision)
    place = cache() / f"models--{name.replace('/', '--')}"
    try:
        commit = (place / "refs" / revision).read_text().strip()
    except OSError:
        commit = revision
    found = place / "snapshots" / commit
    if not re.fullmatch(r"[A-Za-z0-9._-]+", commit) or not (found / "config.json").is_file():
        return None
    has_weights = (found / "model.safetensors").is_file() or (found / "model.safetensors.index.json").is_file()
    return found if has_weights else None


def folder(name: str, revision: str = "main", *, refresh: bool = False) -> Path:
    """The folder of ``org/name``: the one in the cache, else downloaded. ``refresh`` asks the hub whether there is a newer one.

    Raises ``NotFoundError`` when it is neither there nor can be downloaded; the sentence says why.
    """
    found = cached(name, revision)
    if found is not None and not refresh:
        return found
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _YES:
        if found is not None:
            return found
        raise NotFoundError(f"{name}: not in {cache()}, and HF_HUB_OFFLINE forbids to download it")
    try:
        import huggingface_hub  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise NotFoundError(f"{name}: not in {cache()}; `pip install huggingface_hub` lets Opsin download it, or download it yourself") from None
    try:
        # The variables are read here, and not only when huggingface_hub was first imported.
        place = huggingface_hub.snapshot_download(
            name, revision=revision, cache_dir=cache(), allow_patterns=list(FILES), endpoint=os.environ.get("HF_ENDPOINT") or None,
            token=os.environ.get("HF_TOKEN") or None)
    except Exception as error:
        raise NotFoundError(f"{name}: cannot be downloaded ({type(error).__name__}: {str(error).strip().splitlines()[0][:300]})") from error
    found = Path(place)
    if not (found / "config.json").is_file() or not any(found.glob("*.safetensors")):
        held = ", ".join(sorted(file.name for file in found.iterdir())) or "nothing that Opsin reads"
        raise NotFoundError(f"{name}: expected config.json and model.safetensors, found {held}")
    return found
