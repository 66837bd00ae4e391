"""Weights that the user has: a folder, or the name of a model in the hub's cache on this machine."""

import os
from pathlib import Path

from bench import Unsupported


def location(variable, example):
    """What the environment variable names; ImportError, with the way out, where that is nothing."""
    place = os.environ.get(variable, "")
    how = f"set it to a folder with a model, or to the name of one in the hub's cache, such as {example}"
    if not place:
        raise ImportError(f"{variable} is not set; {how}")
    folder = Path(place).expanduser()
    if place[:1] in "./~" and not folder.is_dir():
        raise ImportError(f"{variable}={place} is not a folder; {how}")
    return str(folder) if folder.is_dir() else place


def loaded(make, place, **settings):
    """``make.from_pretrained`` from this machine alone."""
    try:
        return make.from_pretrained(place, local_files_only=True, **settings)
    except (OSError, ValueError) as error:
        why = str(error).strip().split("\n")[0][:160].rstrip(".")
        way = "convert it to one" if Path(place).is_dir() else f"fetch it with 'hf download {place}'"
        raise Unsupported(f"{place} is no model with weights in safetensors ({why}); {way}") from None


def weights(make, place):
    """A network for inference. Only safetensors is read: a pickle may run anything."""
    return loaded(make, place, use_safetensors=True).eval()


def identity(place):
    """A text that changes with the weights of a folder; of a hub's model, its name."""
    files = sorted(Path(place).glob("*.safetensors")) or sorted(Path(place).glob("model.bin"))
    return " ".join([place, *(f"{file.stat().st_size}@{file.stat().st_mtime_ns}" for file in files)])
