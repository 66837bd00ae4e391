"""Trained weights that the user names: ``--weights NAME=PATH|hub-id``.

Only safetensors is read: a pickle may run anything. The file is found and hashed once, when a run begins; what an
implementation does with it is its own affair.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

Named = dict[str, dict[str, str]]
"""{implementation, with or without its variant: {"path": file, "sha256": of its bytes}}."""

FILE = "model.safetensors"


class BadWeights(ValueError):
    """Weights that cannot be had; the text says how to right it."""


def named(texts: Iterable[str], chosen: Sequence[str]) -> Named:
    """``["encodec=/models/encodec.safetensors"]`` -> where it is, and its hash. ``chosen``: what the run measures.

    PATH is a safetensors file, or a folder with ``model.safetensors`` in it; a hub-id (``org/model``) stands for what
    the Hugging Face cache of this machine holds of it: nothing is downloaded. Raises :class:`BadWeights`.
    """
    found: Named = {}
    for text in texts:
        name, equals, place = text.partition("=")
        if not equals or not name or not place:
            raise BadWeights(f"--weights takes NAME=PATH or NAME=HUB-ID, such as mimi=kyutai/mimi; this is {text!r}")
        known = [*dict.fromkeys(n for impl in chosen for n in (impl.partition(":")[0], impl))]
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise BadWeights(f"--weights {name}: nothing of that name is measured in this run; {hint}")
        found[name] = described(located(place))
    return found


def located(place: str) -> Path:
    """The safetensors file that PATH or HUB-ID stands for."""
    path = Path(os.path.expanduser(place))  # a home that nobody knows stays "~", which does not exist
    if path.is_dir():
        return _in_folder(path, sorted(path.glob("*.safetensors")))
    if path.is_file():
        if path.suffix != ".safetensors":
            raise BadWeights(f"{place} is not a safetensors file, and nothing else is read; convert it to safetensors")
        return path.resolve()
    if place[:1] in "./~" or path.suffix == ".safetensors" or place.count("/") != 1:
        raise BadWeights(
            f"{place} does not exist; name a safetensors file, a folder with one, or a model in the hub's cache"
        )
    return _in_cache(place)


def _in_folder(folder: Path, files: Sequence[Path]) -> Path:
    if (folder / FILE).is_file():
        return (folder / FILE).resolve()
    if len(files) == 1:
        return files[0].resolve()
    what = "no safetensors file" if not files else f"{len(files)} safetensors files and none called {FILE}"
    raise BadWeights(f"{folder} holds {what}; name the file itself")


def _in_cache(model: str) -> Path:
    """The newest snapshot of a model in the Hugging Face cache; its layout is that of huggingface_hub."""
    snapshots = _hub() / f"models--{model.replace('/', '--')}" / "snapshots"
    files = sorted(snapshots.glob(f"*/{FILE}"), key=lambda file: file.stat().st_mtime)
    if not files:
        raise BadWeights(
            f"{model} is not in the Hugging Face cache of this machine, and a run downloads nothing: "
            f"hf download {model} {FILE}"
        )
    return files[-1]  # a link into blobs/; a config.json beside it stays beside it


def _hub() -> Path:
    """Where huggingface_hub, by its constants.py, keeps what it has fetched."""
    env = os.environ
    home = env.get("HF_HOME") or f"{env.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    hub = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"
    return Path(os.path.expandvars(os.path.expanduser(hub)))


def described(file: Path) -> dict[str, str]:
    """Where a whole safetensors file is, and its hash."""
    try:
        with open(file, "rb") as data:
            _whole(file, data)
            data.seek(0)
            return {"path": str(file), "sha256": hashlib.file_digest(data, "sha256").hexdigest()}
    except OSError as error:
        raise BadWeights(f"{file} cannot be read ({error.strerror}); name another file") from None


def _whole(file: Path, data: BinaryIO) -> None:
    """The format: 8 bytes, the length of a JSON header, which names the bytes of each tensor; then these bytes."""
    size, length = file.stat().st_size, int.from_bytes(data.read(8), "little")
    try:
        header = json.loads(data.read(length)) if 2 <= length <= size - 8 else None
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]  # type: ignore[union-attr]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise BadWeights(
            f"{file} is not a safetensors file, and nothing else is read; convert it to safetensors"
        ) from None
    if 8 + length + max(ends, default=0) != size:
        raise BadWeights(f"{file} was cut: {size:,} bytes of {8 + length + max(ends, default=0):,}; fetch it again")


def of(weights: Mapping[str, Mapping[str, str]] | None, impl: str) -> Mapping[str, str]:
    """Those of an implementation: named with its variant, or without; {} where there are none."""
    known, impl = weights or {}, impl.partition("@")[0]
    return known.get(impl) or known.get(impl.partition(":")[0]) or {}


def unchanged(weights: Mapping[str, Mapping[str, str]] | None) -> None:
    """Raises :class:`BadWeights` where a file is gone or another since the run began."""
    for name, was in (weights or {}).items():
        if not Path(was["path"]).is_file() or described(Path(was["path"]))["sha256"] != was["sha256"]:
            raise BadWeights(f"the weights of {name}, {was['path']}, changed since the run began; start another run")
