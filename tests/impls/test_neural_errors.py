"""Neural codecs, a thousandth of their size: what they refuse, in one line."""

from __future__ import annotations

import numpy as np
import pytest

from bench import Case, Unsupported

pytest.importorskip("torch")
pytest.importorskip("transformers.models.mimi.modeling_mimi", exc_type=(ImportError, OSError))

import tiny_codecs as tiny
from tiny_codecs import made, sound

ERRORS = {
    "empty": (lambda c: c.encode(np.zeros((1, 0), np.float32)), "empty: there is nothing to encode"),
    "stereo": (lambda c: c.encode(np.zeros((2, 960), np.float32)), "2 channels; this codec takes mono"),
    "no packets": (lambda c: c.decode([]), "no packets"),
    "short": (lambda c: c.decode([b"", *c.encode(np.zeros((1, 640), np.float32))]), "a packet of 0 bytes; a frame"),
    "long": (lambda c: c.decode([bytes(9)]), "a packet of 9 bytes; a frame of this codec takes 2"),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors_in_one_line(what):
    call, said = ERRORS[what]
    with pytest.raises(ValueError, match=said) as found:
        call(made("encodec"))
    assert "\n" not in str(found.value)


@pytest.mark.filterwarnings("error")
def test_an_empty_sound_has_no_segment():
    with pytest.raises(ValueError, match="empty: there is nothing to encode"):
        made("encodec48").encode(np.zeros((2, 0), np.float32))


def test_mono_into_stereo_and_damaged_segments():
    codec = made("encodec48")
    with pytest.raises(ValueError, match="has 1 channels; this codec takes 2"):
        codec.encode(np.zeros((1, 960), np.float32))
    with pytest.raises(Unsupported, match="takes 2 channels, not 1: --case channels=2"):
        from impls.codec._segments import segmented

        segmented(tiny.case(2.4), tiny.network("encodec48"), 48000, 480)
    (packet,) = codec.encode(sound(codec, 0.2))
    for bad, said in ((packet[:-1], "a segment takes"), (b"\xff" * 4 + packet[4:], "cannot be nan loud")):
        with pytest.raises(ValueError, match=said):
            codec.decode([bad])


@pytest.mark.parametrize(("bitrate", "near"), ((64.0, "1.2"), (0.1, "0.6")))
def test_a_bitrate_out_of_reach(bitrate, near):
    with pytest.raises(Unsupported, match=f"EnCodec has 0.6 to 1.2 kbit/s, and not .*: --bitrate {near} is near"):
        tiny.network("encodec", tiny.case(bitrate))


def test_packing_is_exact_and_refuses_codes_out_of_range():
    from impls.codec._packing import Packing

    packing = Packing([1024, 3, 1 << 36])
    codes = np.array([[1023, 0, 5], [2, 1, 0], [(1 << 36) - 1, 7, 1 << 35]])
    packets = packing.pack(codes)
    assert packing.payload_bits(packets) == 3 * (10 + 2 + 36) and {len(p) for p in packets} == {6}
    assert (packing.unpack(packets) == codes).all()
    with pytest.raises(ValueError, match="codebook 1 has codes from 1 to 3, not from 0 to 2"):
        packing.pack(codes + np.array([[0], [1], [0]]))
    with pytest.raises(ValueError, match="codebook 1"):
        packing.unpack([bytes([255] * 6)])


def test_quantizers_of_mimi_have_codebooks_of_a_power_of_two():
    from impls.vq._transformers import split

    with pytest.raises(Unsupported, match="codebooks of a power of two only, not of 12"):
        split(Case("vq", {"size": 12, "stages": 3, "dim": 8}), {})
