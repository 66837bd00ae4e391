"""Codecs that need more than a wheel: EVS through a stand-in for its programs, and what is said if something lacks."""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import Codec, Unsupported
from bench.registry import load
from bench.worker import prove, version_of

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Codec]

# The stand-in keeps the mean of every 16th of a frame in 16 bits, and fills up to the bitrate: 256 bits of speech.
STAND_IN = """
    import pathlib, struct, sys
    encoder = pathlib.Path(sys.argv[0]).name == "EVS_cod"
    assert sys.argv[1:3] == ["-q", "-no_delay_cmp"], sys.argv
    numbers, source, target = [int(n) for n in sys.argv[3:-2]], pathlib.Path(sys.argv[-2]), pathlib.Path(sys.argv[-1])
    step = numbers[-1] * 20 // 16  # samples in a sixteenth of a frame
    data = source.read_bytes()
    if encoder:
        samples, out = struct.unpack(f"<{len(data) // 2}h", data), b""
        for at in range(0, len(samples), 16 * step):
            means = [sum(samples[k : k + step]) // step for k in range(at, at + 16 * step, step)]
            bits = "".join(f"{mean & 65535:016b}" for mean in means).ljust(numbers[0] // 50, "0")
            words = [0x81 if bit == "1" else 0x7F for bit in bits]
            out += struct.pack(f"<HH{len(words)}H", 0x6B21, len(words), *words)
    else:
        words, out, at = struct.unpack(f"<{len(data) // 2}H", data), b"", 0
        while at < len(words):
            assert words[at] == 0x6B21
            bits = "".join("1" if word == 0x81 else "0" for word in words[at + 2 : at + 2 + words[at + 1]])
            for k in range(0, 256, 16):
                value = int(bits[k : k + 16], 2)
                out += struct.pack("<h", value - 65536 * (value >> 15)) * step
            at += 2 + words[at + 1]
    target.write_bytes(out)
"""


@pytest.fixture
def evs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a stand-in for EVS_cod and EVS_dec, which the environment variables name."""
    for variable, name in (("BENCH_EVS_ENCODER", "EVS_cod"), ("BENCH_EVS_DECODER", "EVS_dec")):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(STAND_IN)}")
        program.chmod(0o755)
        monkeypatch.setenv(variable, str(program))
    monkeypatch.delitem(sys.modules, "impls.codec._evs", raising=False)
    yield tmp_path
    sys.modules.pop("impls.codec._evs", None)


def test_evs_runs_the_programs_of_the_user(codec: Make, evs: Path) -> None:
    made = codec("evs", 13.0)
    assert (made.rate, made.nominal, made.frame, made.delay) == (16000, 13200, 320, 320 + 192)
    x = np.sin(2 * np.pi * 50 * np.arange(8001) / 16000, dtype=np.float32)[None] * np.float32(0.5)
    packets = made.encode(x)
    assert len(packets) == 26  # 8001 samples and 192 that come late
    assert made.payload_bits(packets) == 26 * 264  # 13.2 kbit/s
    out = made.decode(packets)
    assert out.dtype == np.float32 and out.shape == (1, 26 * 320)
    assert np.abs(out[:, :8001] - x).max() < 0.1
    assert packets == made.encode(x)
    assert codec("evs", 64, 8000).nominal == 24400
    assert codec("evs", 64, 44100).rate == 48000


def shown(name: str) -> str:
    """The version that rows and scores state of a codec."""
    prove(load().find("codec", name))
    return version_of(load().find("codec", name))


def test_what_decodes_with_pyav_names_the_extra_that_brings_it() -> None:
    assert {i.extra for i in load().of("codec") if "av" in i.requires} == {"codecs"}


def test_the_version_of_evs_is_a_hash_of_its_programs(evs: Path) -> None:
    data = b"".join((evs / name).read_bytes() for name in ("EVS_cod", "EVS_dec"))
    assert shown("evs") == f"sha256 {hashlib.sha256(data).hexdigest()[:12]}"


def test_the_version_of_speex_is_what_libspeex_writes_into_headers() -> None:
    try:
        version = shown("speex")
    except Unsupported as reason:
        pytest.skip(str(reason))
    speex, header = importlib.import_module("impls.codec._speex"), ctypes.create_string_buffer(80)
    mode = ctypes.c_void_p(speex.LIBRARY.speex_lib_get_mode(0))
    speex.LIBRARY.speex_init_header(header, 8000, 1, mode)
    assert version == header.raw[8:28].split(b"\0")[0].removeprefix(b"speex-").decode()


@pytest.mark.parametrize(
    ("program", "body", "said"),
    [
        ("EVS_cod", "echo Error: Bitrate not supported >&2; exit 3", "EVS_cod ended with 3: Error: Bitrate"),
        ("EVS_cod", "exit 0", "EVS_cod ended with 0: it said nothing"),
        ("EVS_cod", 'for last; do :; done; echo nonsense > "$last"', "no whole G.192 frame at byte 0"),
        ("EVS_dec", "kill -SEGV $$", "EVS_dec ended with -11"),
    ],
)
def test_evs_says_what_went_wrong(codec: Make, evs: Path, program: str, body: str, said: str) -> None:
    (evs / program).write_text(f"#!/bin/sh\n{body}\n")
    made = codec("evs", 13.2)
    with pytest.raises(RuntimeError, match=said):
        made.decode(made.encode(np.zeros((1, 3200), np.float32)))


def test_evs_that_hangs_is_ended(codec: Make, evs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (evs / "EVS_cod").write_text("#!/bin/sh\nexec sleep 60\n")
    made = codec("evs", 13.2)
    monkeypatch.setattr("impls.codec._program.DEADLINE_S", 0.2)
    with pytest.raises(RuntimeError, match="EVS_cod was not done after 0 s"):
        made.encode(np.zeros((1, 3200), np.float32))


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = importlib.import_module("impls.codec._library").library
    with pytest.raises(ImportError, match=r"libnothing\.so\.7 is not installed; apt-get install libnothing7"):
        library("libnothing.so.7", "libnothing7")
    program = importlib.import_module("impls.codec._program").program
    monkeypatch.delenv("BENCH_NOTHING", raising=False)
    with pytest.raises(ImportError, match="BENCH_NOTHING is not set; build it"):
        program("BENCH_NOTHING", "build it")
    monkeypatch.setenv("BENCH_NOTHING", str(tmp_path))
    with pytest.raises(ImportError, match="is not a program; build it"):
        program("BENCH_NOTHING", "build it")


def test_a_codec_without_its_library_is_unavailable_with_the_command(bench: Any, tmp_path: Path) -> None:
    """As a user sees it: one line for each of what pip, the system and the user bring."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes, sys\n"
        "sys.modules['av'] = sys.modules['lc3'] = None\n"
        "real = ctypes.CDLL\n"
        "def CDLL(name, *more, **others):\n"
        "    if name and ('speex' in str(name) or 'amrwb' in str(name)):\n"
        "        raise OSError(name)\n"
        "    return real(name, *more, **others)\n"
        "ctypes.CDLL = CDLL\n"
    )
    listed = bench(
        "list", "codec", "--json", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]), BENCH_EVS_ENCODER=""
    )
    found = {entry["impl"]: entry["reason"] for entry in json.loads(listed.stdout)}
    assert "pip install 'audio-bench[codecs]'" in found["opus"]
    assert "pip install 'audio-bench[codecs]'" in found["lc3"]
    assert "apt-get install libspeex1" in found["speex"]
    assert "apt-get install libvo-amrwbenc0" in found["amrwb"]
    assert "set BENCH_EVS_ENCODER and BENCH_EVS_DECODER" in found["evs"]
