"""Every codec of the registry: round trips, bitrates, delays, streaming, damage; and published facts about some."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import Case, Codec, Unsupported
from bench.corpus import clip
from bench.registry import load

ROOT = Path(__file__).resolve().parents[2]
EXAMINER = Path(__file__).with_name("codec_examiner.py")
NAMES = [i.name for i in load().of("codec")]

VARIABLE = ("aac", "flac", "opus", "opus:audio", "opus:c0", "opus:c5", "opus:lowdelay", "vorbis")
"""Their payload follows the sound, or no bitrate at all: they are held to one on real speech only, or to none."""

LATE = {"amrwb": 15, "sbc": -5}
"""Samples by which a codec is later than declared: AMR-WB's filters between 16 and 12.8 kHz; a generous formula."""


@cache
def examined(*options: str) -> dict[str, list[dict[str, Any]]]:
    """{codec: what the examiner found}. A codec that takes its process down says so; the next ones go on."""
    waiting, found = list(NAMES), {}
    while waiting:
        child = subprocess.run(
            [sys.executable, "-P", "-W", "error::RuntimeWarning", str(EXAMINER), *options, *waiting],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
        for line in lines:
            if "name" in line:
                found.setdefault(line["name"], []).append(line)
        finished = [line["done"] for line in lines if "done" in line]
        waiting = [name for name in waiting if name not in finished]
        if waiting:
            end = f"its process ended with {child.returncode} after {lines[-1:]}: {child.stderr[-500:]}"
            found.setdefault(waiting[0], []).append({"setting": None, "problems": [end]})
            waiting = waiting[1:]
    return found


def measured(name: str) -> list[dict[str, Any]]:
    """What was measured of a codec, one entry a setting; the test is skipped where it cannot run here."""
    entries = [entry for entry in examined()[name] if "nominal" in entry]
    if not entries:
        pytest.skip("; ".join(dict.fromkeys(entry.get("skipped", "see the round trips") for entry in examined()[name])))
    return entries


@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name: str) -> None:
    entries = examined()[name]
    if all("skipped" in entry for entry in entries):
        pytest.skip(entries[0]["skipped"])
    assert {str(entry["setting"]): entry["problems"] for entry in entries if entry.get("problems")} == {}


@pytest.mark.parametrize("name", NAMES)
def test_damaged_packets_end_in_an_exception_or_in_sound(name: str) -> None:
    entries = examined("--damage")[name]
    if all("skipped" in entry for entry in entries):
        pytest.skip(entries[0]["skipped"])
    assert {str(entry["setting"]): entry["problems"] for entry in entries if entry.get("problems")} == {}


@pytest.mark.parametrize("name", NAMES)
def test_payload_is_within_a_tenth_of_nominal(name: str) -> None:
    for entry in measured(name):
        if name not in VARIABLE:
            assert entry["payload"] == pytest.approx(entry["nominal"], rel=0.1)
        if entry["container"] is not None:
            assert entry["container"] > entry["payload"]


@pytest.mark.parametrize("name", NAMES)
def test_delay_is_the_declared_one(name: str) -> None:
    for entry in measured(name):
        if entry["delay"] is None:
            assert entry["lag"] == 0
            continue
        late = LATE.get(name, 0)
        tolerance = 0.005 * entry["rate"] if name == "codec2" else 6 * entry["rate"] / 48000
        assert entry["lag"] == pytest.approx(entry["delay"] - entry["frame"] + late, abs=tolerance)


@pytest.mark.parametrize("name", [n for n in NAMES if n in ("flac", "pcm:16bit")])
def test_lossless_is_exact(name: str) -> None:
    assert all(entry["exact"] for entry in measured(name))


def codec(name: str, bitrate: float, sample_rate: int = 16000, channels: int = 1) -> Codec:
    """A codec of the registry; the test is skipped where it cannot run here."""
    implementation = load().find("codec", name)
    for module in implementation.requires:
        if not module.startswith("impls."):
            pytest.importorskip(module)
    params = {"bitrate": bitrate, "sample_rate": sample_rate, "channels": channels, "seconds": 1.0}
    try:
        for module in implementation.requires:
            importlib.import_module(module)
        return implementation.make(Case("codec", params), **implementation.variant)
    except (ImportError, Unsupported) as reason:
        pytest.skip(str(reason))


DAMAGED = """
from dataclasses import replace
import os
from bench import impl

@impl("codec", requires="soundfile", variants={how: {"how": how} for how in ("refused", "crash", "hang", "odd")})
def damaged(case, how):
    import numpy as np
    from bench.registry import load
    good = load().find("codec", "flac").make(case)
    decode = {
        "refused": lambda packets: good.decode([packet[:100] for packet in packets]),
        "crash": lambda packets: os.abort(),
        "hang": lambda packets: good.decode(packets) if __import__("time").sleep(3600) else None,
        "odd": lambda packets: good.decode(packets) * np.float32("nan"),
    }[how]
    return replace(good, decode=decode)
"""


def test_a_damaged_packet_costs_one_row(bench: Any, tmp_path: Path) -> None:
    """Refused, fatal, endless or turned into nonsense: one row says so, and the neighbour is measured."""
    (tmp_path / "impls" / "codec").mkdir(parents=True)
    (tmp_path / "impls" / "codec" / "damaged.py").write_text(DAMAGED)
    ran = bench(
        *("run", "codec", "--impl", "damaged,flac", "--op", "decode", "--case", "seconds=0.5", "--metrics", "none"),
        *("--grid", "quick", "--budget", "0.05s", "--replicates", "1", "--deadline", "4s", "--out", "out", "--quiet"),
    )
    assert ran.returncode == 4, ran.stdout + ran.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    ended = {row["impl"]: (row["status"], row["reason"]) for row in rows if row["op"] in ("decode", "")}
    assert ended["damaged:refused"][0] == "error" and "LibsndfileError" in ended["damaged:refused"][1]
    assert ended["damaged:crash"][0] == "crash"
    assert ended["damaged:hang"][0] == "timeout"
    assert ended["damaged:odd"][0] == "wrong" and "NaN" in ended["damaged:odd"][1]
    assert ended["flac"][0] in ("ok", "unstable")


def rates(made: Codec, frames: int = 50) -> tuple[float, float]:
    """Payload and container bitrate of whole frames, bit/s."""
    x = np.random.default_rng(0).uniform(-0.3, 0.3, (1, made.frame * frames - max(0, made.delay - made.frame)))
    packets = made.encode(x.astype(np.float32))
    assert len(packets) == frames
    seconds = frames * made.frame / made.rate
    container = made.container_bits(packets) if made.container_bits else 8 * sum(map(len, packets))
    return made.payload_bits(packets) / seconds, container / seconds


def test_amr_header_costs_400_bits_a_second() -> None:
    payload, container = rates(codec("amrnb", 4.75, 8000))
    assert payload == 4750
    assert container == 5200  # 12 bytes for 95 bits, and a header byte, 50 times a second: RFC 4867, 5.3
    assert rates(codec("amrwb", 12.65)) == (12650, 50 * 8 * (32 + 1))


def test_codec2_pads_to_bytes() -> None:
    assert rates(codec("codec2", 1.3, 8000)) == (1300, 1400)
    assert rates(codec("codec2", 0.7, 8000)) == (700, 800)
    assert rates(codec("codec2", 3.2, 8000)) == (3200, 3200)


def test_bitrates_of_standards() -> None:
    assert rates(codec("g711:mulaw", 64, 8000))[0] == 64000
    assert [rates(codec("g722", asked))[0] for asked in (64, 56, 48, 10)] == [64000, 56000, 48000, 48000]
    assert rates(codec("gsm", 13, 8000)) == (13000, 13200)
    assert rates(codec("g723_1", 6.3, 8000)) == (6300, 6400)
    assert rates(codec("lc3", 16))[0] == 16000
    assert rates(codec("speex", 8, 8000))[0] == 8000
    g726 = codec("g726", 24, 8000)
    assert g726.payload_bits(g726.encode(np.zeros((1, 8000), np.float32))) == 24000


def test_delays_of_standards() -> None:
    """Algorithmic delay in milliseconds: a frame, and what the codec looks ahead or its filters hold back."""
    published = {
        "amrnb": 25.0,  # 20 + 5
        "codec2": 40.0,
        "g723_1": 37.5,  # 30 + 7.5
        "gsm": 20.0,
        "lc3": 12.5,  # 10 + 2.5
        "lc3:7.5ms": 11.5,  # 7.5 + 4
        "opus": 26.5,  # RFC 6716, 2: 20 + 6.5
        "opus:lowdelay": 12.5,  # 10 + 2.5
        "speex": 33.9375,  # the Speex manual: 34 in wide band
    }
    for name, delay in published.items():
        made = codec(name, 16)
        assert 1000 * made.delay / made.rate == delay, name


def test_g722_leaves_the_lowest_bits_of_the_lower_band_to_other_data() -> None:
    """Modes 2 and 3 decode without them: whatever stands there makes no difference."""
    for bitrate, mask in ((56, 0xFE), (48, 0xFC)):
        made = codec("g722", bitrate)
        packets = made.encode(clip("builtin", 0.5, 16000, 1, 0))
        cleared = [bytes(byte & mask for byte in packet) for packet in packets]
        assert np.array_equal(made.decode(packets), made.decode(cleared))


def test_g711_is_the_table_of_the_standard() -> None:
    """The expansion of G.711, tables 1a and 2a, in its usual 16-bit form, sign and segments from the definition."""
    codes = np.arange(256)
    mulaw, alaw = codes ^ 0xFF, codes ^ 0x55
    segment, step = mulaw >> 4 & 7, mulaw & 15
    magnitude = ((2 * step + 33) << segment) - 33
    expected = {"mulaw": np.where(mulaw & 128, -1, 1) * magnitude * 4}
    segment, step = alaw >> 4 & 7, alaw & 15
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    expected["alaw"] = np.where(alaw & 128, 1, -1) * magnitude * 8
    for law, values in expected.items():
        decoded = codec(f"g711:{law}", 64, 8000).decode([bytes(range(256))])
        assert np.array_equal(decoded[0] * 32768, values)


@pytest.mark.parametrize("channels", [1, 2])
def test_lc3_gives_the_bits_of_the_wrapper(channels: int) -> None:
    """lc3py's own classes, which we do without, on the same samples."""
    made, lc3 = codec("lc3", 33, 24000, channels), importlib.import_module("lc3")
    x = np.resize(clip("builtin", 1.0, 24000, 1, 0), (channels, 24000))
    packets = made.encode(x)
    samples = np.pad(np.rint(x * 32768).clip(-32768, 32767).astype(np.int16), ((0, 0), (0, 240)))
    wrapper = lc3.Encoder(10000, 24000, channels), lc3.Decoder(10000, 24000, channels)
    frames = [samples[:, at : at + 240].T.tobytes() for at in range(0, 24240, 240)]
    assert packets == [wrapper[0].encode(frame, len(packets[0]), bit_depth=16) for frame in frames]
    theirs = b"".join(wrapper[1].decode(packet, bit_depth=16) for packet in packets)
    assert np.array_equal(made.decode(packets).T.ravel() * 32768, np.frombuffer(theirs, np.int16))


def test_speex_is_decoded_by_another_decoder_alike() -> None:
    made, av = codec("speex", 12.8), importlib.import_module("impls.codec._av")
    x = clip("builtin", 2.0, 16000, 1, 0)
    packets = made.encode(x)
    header = b"Speex   " + b"1.2".ljust(20, b"\0")  # the 80 bytes of speex_header.h
    header += np.array([1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0], "<i4").tobytes()
    other = av.Decoder("speex", 16000, 1, header)
    ours, theirs = made.decode(packets), np.concatenate([other(packet) for packet in packets], axis=1)
    assert np.corrcoef(ours[0, 2000:], theirs[0, 2000:])[0, 1] > 0.9


def test_ogg_pages_keep_a_valid_checksum() -> None:
    """Against the polynomial of RFC 3533, bit by bit."""
    sndfile = importlib.import_module("impls.codec._sndfile")
    file = sndfile.write(clip("builtin", 0.5, 16000, 1, 0), 16000, "VORBIS", "OGG", compression_level=0.5)
    pages = sndfile.pages(file)
    assert len(b"".join(pages)) == len(file)
    for page in pages:
        crc = 0
        for byte in page[:22] + bytes(4) + page[26:]:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
        assert page[14:18] == bytes(4)
        assert int.from_bytes(page[22:26], "little") == crc
    assert np.array_equal(sndfile.read(b"".join(pages)), sndfile.read(file))


def test_vorbis_is_searched_for_the_bitrate() -> None:
    for asked in (24, 40, 60):
        made, x = codec("vorbis", asked), clip("builtin", 4.0, 16000, 1, 0)
        assert made.rate == 16000
        assert made.payload_bits(made.encode(x)) / 4.0 == pytest.approx(1000 * asked, rel=0.05)


@pytest.mark.skipif(not os.environ.get("BENCH_TEST_CORPUS"), reason="BENCH_TEST_CORPUS names no folder of real speech")
def test_payload_on_real_speech() -> None:
    """Opus at 12 kbit/s, variable: 11758 bit/s were measured on other clips; 24 and 6 stay within the window too."""
    import soundfile

    files = sorted(Path(os.environ["BENCH_TEST_CORPUS"], "speech").glob("l*.flac"))[:6]
    assert files
    made = {asked: codec("opus", asked) for asked in (6, 12, 24)} | {"aac": codec("aac", 24)}
    spent, seconds = dict.fromkeys(made, 0), 0.0
    for file in files:
        x, rate = soundfile.read(file, dtype="float32", frames=6 * 48000)
        seconds += len(x) / rate
        for asked, one in made.items():
            from bench.codec import resample

            spent[asked] += one.payload_bits(one.encode(resample(x[None], rate, one.rate)))
    assert spent[12] / seconds == pytest.approx(11800, rel=0.03)
    for asked in (6, 12, 24, "aac"):
        assert spent[asked] / seconds == pytest.approx(made[asked].nominal, rel=0.1)


def test_what_codecs_share() -> None:
    common = importlib.import_module("impls.codec._common")
    case = Case("codec", {"sample_rate": 16000})
    assert common.nearest((8, 16, 24), 12) == 8  # of two as near, the smaller
    assert common.nearest({24: "c", 8: "a"}, 1000) == 24
    assert common.rate_for(case, (8000, 24000, 48000)) == 24000
    assert common.rate_for(case, (8000,)) == 8000
    assert common.padded(np.ones((2, 5)), 4).shape == (2, 8)
    assert common.padded(np.ones((2, 4)), 4).shape == (2, 4)
    assert common.padded(np.ones((2, 4)), 4, 1).shape == (2, 8)
    whole = np.array([[-1, -0.5, 0, 0.5, 32767 / 32768]], np.float32)
    assert np.array_equal(common.to_float(common.to_int16(whole)), whole)
    assert np.array_equal(common.to_float(common.to_int32(whole)), whole)
    assert common.to_int16(np.array([[2.0, -2.0, 1.0]])).tolist() == [[32767, -32768, 32767]]
    assert common.to_int32(np.array([[1.0, -1.0]], np.float32)).tolist() == [[2**31 - 1, -(2**31)]]


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
def evs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stand-in for EVS_cod and EVS_dec, which the environment variables name."""
    for variable, name in (("BENCH_EVS_ENCODER", "EVS_cod"), ("BENCH_EVS_DECODER", "EVS_dec")):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(STAND_IN)}")
        program.chmod(0o755)
        monkeypatch.setenv(variable, str(program))
    monkeypatch.delitem(sys.modules, "impls.codec._evs", raising=False)
    yield tmp_path
    sys.modules.pop("impls.codec._evs", None)


def test_evs_runs_the_programs_of_the_user(evs: Path) -> None:
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


@pytest.mark.parametrize(
    ("program", "body", "said"),
    [
        ("EVS_cod", "echo Error: Bitrate not supported >&2; exit 3", "EVS_cod ended with 3: Error: Bitrate"),
        ("EVS_cod", "exit 0", "EVS_cod ended with 0: it said nothing"),
        ("EVS_cod", 'for last; do :; done; echo nonsense > "$last"', "no whole G.192 frame at byte 0"),
        ("EVS_dec", "kill -SEGV $$", "EVS_dec ended with -11"),
    ],
)
def test_evs_says_what_went_wrong(evs: Path, program: str, body: str, said: str) -> None:
    (evs / program).write_text(f"#!/bin/sh\n{body}\n")
    made = codec("evs", 13.2)
    with pytest.raises(RuntimeError, match=said):
        made.decode(made.encode(np.zeros((1, 3200), np.float32)))


def test_evs_that_hangs_is_ended(evs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
