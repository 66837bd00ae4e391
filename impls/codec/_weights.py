"""Weights that the user names with --weights: safetensors, and only where every name and shape is the network's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from bench import Unsupported

State = Mapping[str, Tensor]


def loaded(
    model: nn.Module, place: str, renamed: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None
) -> None:
    """Fill ``model`` with the weights in ``place``, a file.

    ``renamed`` turns the file's names into the model's. Raises Unsupported, in one line with the way out, for a file
    that is missing, cut short or no safetensors, for another architecture, and for weights that are no floats.
    """
    found = read(Path(place))
    config = Path(place).with_name("config.json")
    _same_rate(config, getattr(getattr(model, "config", None), "sampling_rate", None))
    wanted = model.state_dict()
    found = _weight_norm(renamed(found) if renamed else found, wanted)
    missing, unexpected = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    odd = sorted(k for k in set(wanted) & set(found) if wanted[k].shape != found[k].shape)
    if missing or unexpected or odd:
        said = [f"{len(missing)} missing ({missing[0]})" if missing else ""]
        said += [f"{len(unexpected)} unexpected ({unexpected[0]})" if unexpected else ""]
        said += [
            f"{len(odd)} of another shape ({odd[0]} {tuple(found[odd[0]].shape)}, not {tuple(wanted[odd[0]].shape)})"
            if odd
            else ""
        ]
        raise Unsupported(
            f"{place} is of another architecture: {', '.join(filter(None, said))}; name weights of this very model"
        )
    floats = {k: v for k, v in found.items() if wanted[k].is_floating_point() and v.numel() > 1}  # one: a flag
    if rounded := sorted(k for k, v in floats.items() if not v.is_floating_point()):
        kind = str(found[rounded[0]].dtype).removeprefix("torch.")
        raise Unsupported(f"{place} holds {rounded[0]} as {kind}, without a scale; name weights in floating point")
    model.load_state_dict({k: v.to(wanted[k].dtype) for k, v in found.items()})


def read(file: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except FileNotFoundError:
        raise Unsupported(f"{file} is not there any more; --weights names the file again") from None
    except (SafetensorError, OSError) as error:
        why = str(error).split("\n")[0][:120]
        raise Unsupported(f"{file} is no whole safetensors file ({why}); fetch or convert it again") from None


def _same_rate(config: Path, rate: int | None) -> None:
    """A config.json beside the file says for what sample rate the weights are."""
    try:
        said = json.loads(config.read_text()).get("sampling_rate")
    except (OSError, ValueError, AttributeError):
        return
    if rate and said and said != rate:
        raise Unsupported(
            f"{config.parent} is for {said} Hz and this codec works at {rate} Hz; name weights for {rate} Hz"
        )


def _weight_norm(found: dict[str, Tensor], wanted: State) -> dict[str, Tensor]:
    """The two names that weight norm has had: weight_g, weight_v and parametrizations.weight.original0, 1."""
    pairs = (("weight_g", "parametrizations.weight.original0"), ("weight_v", "parametrizations.weight.original1"))
    ways = [way for pair in pairs for way in (pair, pair[::-1])]
    renamed = dict(found)
    for name in set(found) - set(wanted):
        for one, other in ways:
            fresh = name.removesuffix(one) + other
            if name.endswith(f".{one}") and fresh in wanted:
                renamed[fresh] = renamed.pop(name)
                break
    return renamed
