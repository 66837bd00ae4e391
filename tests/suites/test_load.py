"""The suite `load`: its sets of files, and that no way of loading wrongly goes unseen."""

from __future__ import annotations

import gc
import mmap
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench import Case, Unsupported
from bench.registry import load
from suites import _load_check as checking
from suites import _load_job, _load_set
from suites._load_mel import log_mel
from suites._load_set import FORMATS, FileSet

SUITE = load().suite("load")
PARAMS = {"format": "wav", "seconds": 0.5, "chunk": 0.2, "sample_rate": 16000, "files": 24, "batch": 6}
PARAMS |= {"workers": 0, "features": "waveform", "cache": "warm"}
Epochs = Callable[[], Iterator[Any]]


@pytest.fixture(autouse=True)
def _few_objects() -> Iterator[None]:
    """What other files' tests have imported is not searched for garbage after each of the epochs watched for leaks."""
    gc.freeze()
    yield
    gc.unfreeze()


def case(**changes: Any) -> Case:
    return Case("load", PARAMS | changes)


def files(wanted: Case) -> FileSet:
    return _load_set.make(wanted, SUITE.audio(wanted))


def right(job: _load_job.Job, spoil: Callable[..., Any] = lambda *batch: batch) -> Epochs:
    """A loader that does everything as it should, but for what ``spoil(epoch, samples, index, start)`` makes of it."""
    state = {"epoch": -1}

    def epochs() -> Iterator[Any]:
        state["epoch"] += 1
        order, starts = job.order(state["epoch"]), job.starts(state["epoch"])
        for at in range(0, len(order), job.batch):
            index = order[at : at + job.batch]
            crops = [job.files.source(i)[starts[i] : starts[i] + job.crop] / np.float32(2**15) for i in index]
            padded = [np.pad(crop, (0, job.out - len(crop))) for crop in crops]
            yield spoil(state["epoch"], np.stack(padded), index, starts[index])

    return epochs


def verdict(spoil: Callable[..., Any] = lambda epoch, *batch: batch, **changes: Any) -> Any:
    wanted = case(**changes)
    (op,) = SUITE.adopt({"epoch": lambda job: right(job, spoil)}, wanted).values()
    args = SUITE.inputs(wanted, SUITE.audio(wanted))["epoch"]
    return SUITE.check(wanted, "epoch", args, op.call(args), None)


def test_a_right_loader_is_right_and_its_figures_say_so():
    found = verdict()
    assert found.wrong == "" and found.metrics["error"] == 0 and found.metrics["crops_compared"] == 24
    assert 0.5 < found.metrics["shuffling"] < 1.5
    assert verdict(chunk=0.7).wrong == "", "files that are shorter than a crop are followed by zeros"


def test_a_loader_may_use_the_memory_of_a_batch_again():
    """As FFCV does, whose batches go round in a ring."""
    kept: list[np.ndarray] = []

    def again(epoch: int, *batch: np.ndarray) -> Any:
        kept[:] = kept or [part.copy() for part in batch]
        for mine, part in zip(kept, batch, strict=True):
            mine[:] = part
        return tuple(kept)

    assert verdict(again).wrong == ""


FAULTS = {
    "0 of 24 never, 1 twice": lambda e, x, i, s: (
        (x[[*range(len(i)), 0]], i[[*range(len(i)), 0]], s[[*range(len(i)), 0]]) if 3 in i else (x, i, s)
    ),
    "1 of 24 never": lambda e, x, i, s: (x[i != 3], i[i != 3], s[i != 3]),
    "samples are not those of the file": lambda e, x, i, s: (x + np.float32(2**-15) * (i == 3)[:, None], i, s),
    "not float32|float64": lambda e, x, i, s: (x.astype(np.float64), i, s),
    "crops of .* samples, not 3200": lambda e, x, i, s: (x[:, :-1], i, s),
    "begins at -1": lambda e, x, i, s: (x, i, s * 0 - 1),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_in_an_epoch_is_seen(said):
    import re

    assert re.search(said, verdict(FAULTS[said]).wrong)


def test_an_item_with_the_samples_of_another_is_seen():
    assert "samples are not those of the file" in verdict(lambda e, x, i, s: (x, i[::-1], s[::-1])).wrong


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (lambda job, epoch: np.arange(24), "same order"),
        (lambda job, epoch: np.roll(np.arange(24), 2 - epoch), "order of their names"),
    ],
)
def test_an_order_that_is_not_shuffled_is_seen(monkeypatch, order, said):
    monkeypatch.setattr(_load_job.Job, "order", order)
    assert said in verdict().wrong


def test_crops_that_always_begin_at_the_same_place_are_seen(monkeypatch):
    monkeypatch.setattr(_load_job.Job, "starts", lambda job, epoch: np.full(24, 160))
    assert "not random" in verdict().wrong


def test_how_well_items_are_mixed():
    order = np.random.default_rng(0).permutation(3000)
    assert checking.mixing(order) == pytest.approx(1, abs=0.05)
    assert checking.mixing(np.arange(3000)) == 0
    blocks = np.concatenate([np.random.default_rng(b).permutation(30) + 30 * b for b in range(100)])
    assert checking.mixing(blocks) < 0.02


def loading(spoil: Callable[..., Any]) -> _load_job.Loading:
    job = _load_job.Job(files(case()), case())
    return _load_job.Loading(job, right(job, spoil), 0.0)


def test_what_an_epoch_leaves_open_is_a_leak():
    left = []

    def spoil(epoch: int, *batch: Any) -> Any:
        left.append(open(os.devnull))  # noqa: SIM115
        return batch

    with pytest.raises(_load_job.Leak, match="40 more open files"):
        _load_job.leaks(loading(spoil), 0.01)
    for file in left:
        file.close()


def test_memory_that_grows_with_every_epoch_is_a_leak_and_a_cache_is_none():
    kept: list[mmap.mmap] = []  # fresh pages, whatever the allocator of a long test run has free

    def leaks(epoch: int, *batch: Any) -> Any:
        kept.append(mmap.mmap(-1, 1 << 23))  # 32 MiB an epoch, more than what earlier tests may still give back
        kept[-1].write(b"x" * (1 << 23))
        return batch

    def caches(epoch: int, *batch: Any) -> Any:
        return leaks(epoch, *batch) if epoch < 4 else batch

    with pytest.raises(_load_job.Leak, match="MB more memory"):
        _load_job.leaks(loading(leaks), 0.01)
    kept.clear()
    assert _load_job.leaks(loading(caches), 0.01)["leak_epochs"] == 20


def test_figures_tell_waiting_from_working(monkeypatch):
    """A loader of 30 ms a batch makes a consumer of 10 ms wait: by 30 ms, for both do not overlap."""
    import time

    monkeypatch.setattr(_load_job, "STEPS", (10.0,))
    monkeypatch.setattr(_load_job, "LEAK_SECONDS", 0.1)
    slow = loading(lambda epoch, *batch: (time.sleep(0.03), batch)[1])
    found = _load_job.figures(slow)
    assert 0.7 <= found["stall_10ms"] < 0.95
    assert found["first_batch_ms"] >= 30 and found["batch_p99_ms"] >= 30
    assert 1 < found["files_per_second"] <= 200 and found["cpu_seconds"] < 0.2
    assert found["disk_mb"] == pytest.approx(24 * (8000 * 2 + 44) / 1e6)


@pytest.mark.parametrize("format", FORMATS)
def test_a_set_is_made_once_by_its_content(format):
    wanted = case(format=format, files=4, batch=2)
    first, again = files(wanted), files(wanted)
    assert first.folder == again.folder and len(first.paths) == 4
    samples, rate = soundfile.read(first.paths[3])
    assert rate == 16000 and abs(len(samples) - 8000) <= 1200
    assert files(replace(wanted, seed=1)).folder != first.folder
    if format == "wav":
        np.testing.assert_array_equal(samples * 2**15, first.source(3))
        assert not np.array_equal(first.source(3), first.source(2))


def test_no_encoder_is_given_more_than_its_stack_holds(monkeypatch):
    """Vorbis's died of 44 s at 48 kHz at once."""
    given, write = [], soundfile.SoundFile.write
    monkeypatch.setattr(soundfile.SoundFile, "write", lambda file, data: (given.append(len(data)), write(file, data)))
    monkeypatch.setattr(_load_set, "AT_ONCE", 3000)
    made = files(case(files=2, batch=2, seed=3, seconds=0.51))
    assert given == 2 * [3000, 3000, 2160]
    np.testing.assert_array_equal(soundfile.read(made.paths[1], dtype="int16")[0], made.source(1))


def test_a_cache_that_cannot_be_written_says_so(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(Unsupported, match="set BENCH_CACHE_DIR to another folder"):
        files(case())


def test_what_failed_leaves_nothing_and_may_be_tried_again():
    wanted = case(files=6)
    made = files(wanted)
    with pytest.raises(OSError, match="No space"):
        made.built("full", lambda folder: ((folder / "part").write_bytes(b"x"), _raise(OSError("No space left"))))
    assert not [*made.folder.glob("built/full*")]
    (made.folder / "built" / f"full.{os.getpid()}").mkdir(parents=True)  # of a process that was killed
    assert made.built("full", lambda folder: (folder / "x").write_bytes(b"abc")).exists()
    with pytest.raises(Unsupported, match="libsndfile cannot write mp3"):
        _load_set.make(case(format="mp3", sample_rate=96000), SUITE.audio(wanted))
    assert not [*made.folder.parent.glob("*.*")]


def _raise(error: Exception) -> None:
    raise error


def test_what_is_built_is_built_once_and_timed():
    made = files(case(files=6))
    built = made.built("toy", lambda folder: (folder / "x").write_bytes(b"abc"))
    assert made.built("toy", lambda folder: pytest.fail("built again")) == built
    assert _load_job.build_seconds(built) > 0 and _load_job.size(built) >= 3


def test_cold_files_are_out_of_the_page_cache():
    made = files(case(files=6))
    Path(made.paths[0]).read_bytes()
    assert _load_set.resident(made.paths[0]) == 1
    _load_set.evict(made.folder)
    if _load_set.resident(made.paths[0]):
        pytest.skip("the page cache of this file system cannot be emptied")
    decoder = SUITE.adopt({"decode": lambda path, start, frames: soundfile.read(path)[0]}, case(files=1, cache="cold"))
    assert decoder["decode"].before is not None


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system in memory here")
def test_where_the_cache_cannot_be_emptied_there_is_no_cold_case(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        monkeypatch.setenv("BENCH_CACHE_DIR", folder)
        wanted = case(cache="cold")
        (op,) = SUITE.adopt({"epoch": right}, wanted).values()
        op.native(SUITE.inputs(wanted, SUITE.audio(wanted))["epoch"])
        with pytest.raises(Unsupported, match="stays in the page cache"):
            op.before()


def test_a_loader_that_keeps_its_files_mapped_has_no_cold_case():
    wanted, mapped = case(cache="cold", files=6), []

    def opened(job: _load_job.Job) -> Epochs:
        def maps(epoch: int, *batch: Any) -> Any:
            mapped.extend(np.memmap(path, np.uint8, "r") for path in job.paths)
            assert all(view.max() for view in mapped)
            return batch

        return right(job, maps)

    (op,) = SUITE.adopt({"epoch": opened}, wanted).values()
    native = op.native(SUITE.inputs(wanted, SUITE.audio(wanted))["epoch"])
    op.before()
    op.run(*native)
    with pytest.raises(Unsupported, match="mapped"):
        op.before()


def test_a_decoder_that_keeps_its_file_mapped_has_no_cold_case():
    wanted, mapped = case(cache="cold", files=1, batch=1), []
    (op,) = SUITE.adopt({"decode": lambda path, *_: mapped.append(np.memmap(path, np.uint8, "r"))}, wanted).values()
    native = op.native(SUITE.inputs(wanted, SUITE.audio(wanted))["decode"])
    op.before()
    op.run(*native)
    assert mapped[0].max()
    with pytest.raises(Unsupported, match="mapped"):
        op.before()


@pytest.mark.parametrize("format", FORMATS)
def test_a_decoder_that_is_late_is_right_and_one_that_adds_noise_is_wrong(format):
    wanted = case(format=format, seconds=2.0, chunk=0.0, files=1, batch=1)
    made = files(wanted)
    args = SUITE.inputs(wanted, SUITE.audio(wanted))["decode"]
    decoded = soundfile.read(made.paths[0], dtype="float32")[0]

    def check(out: np.ndarray) -> Any:
        return SUITE.check(wanted, "decode", args, out.astype(np.float32), None)

    late = check(np.concatenate([np.zeros(700), decoded[:-700]]))
    noise = np.random.default_rng(0).normal(0, 0.5 * np.sqrt(np.mean(decoded**2)), len(decoded))
    assert check(decoded).wrong == ""
    assert check(decoded + noise).wrong and check(decoded * np.nan).wrong and check(decoded[:100]).wrong
    if format in _load_set.LOSSLESS:
        assert late.wrong and check(decoded + 2**-15).wrong
    else:
        assert not late.wrong and abs(late.metrics["lag_samples"] - 700) < 3
        assert check(decoded).metrics["snr_db"] > 5


def test_silence_must_come_back_silent():
    zeros = np.zeros(1000)
    assert not checking._near(zeros, zeros, zeros, 16000).wrong
    assert "silence" in checking._near(zeros + 0.1, zeros, zeros, 16000).wrong
    assert not checking._near(zeros + 0.012, zeros, zeros + 0.01, 16000).wrong, "as libsndfile's own, within 3 dB"
    assert "silence" in checking._near(zeros + 0.015, zeros, zeros + 0.01, 16000).wrong


def test_log_mel_of_a_tone_peaks_in_its_band():
    """Slaney's scale is linear to 1 kHz: 15 mel there, of 45.25 at 8 kHz, so 81 steps put 1 kHz into band 26."""
    mel = log_mel(np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000))
    assert mel.shape == (80, 101)
    assert mel[:, 50].argmax() == round(15 / (45.245 / 81)) - 1


def test_many_files_need_few_handles(monkeypatch):
    """1500 files where a process may have 64 open: by each loader that needs no other process."""
    wanted = case(files=1500, batch=50, seconds=0.02, chunk=0.02)
    args = SUITE.inputs(wanted, SUITE.audio(wanted))["epoch"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 64, hard))
    try:
        for name in ("soundfile", "c"):
            op = load().find("load", name).ops(wanted, SUITE)["epoch"]
            assert SUITE.check(wanted, "epoch", args, op.call(args), None).wrong == ""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_cases_that_make_no_sense_are_left_out():
    assert all(SUITE.valid(Case("load", p)) for p in SUITE.expand("default") + SUITE.expand("quick"))
    assert not SUITE.valid(case(batch=7)) and not SUITE.valid(case(format="aiff"))
    assert not SUITE.valid(case(format="opus", sample_rate=44000)) and not SUITE.valid(case(files=1))
    assert not SUITE.valid(case(chunk=-0.2)) and not SUITE.valid(case(chunk=1e-5)) and SUITE.valid(case(chunk=0.0))
    assert not SUITE.valid(case(chunk=0.04, sample_rate=48000)) and SUITE.valid(case(chunk=0.05, sample_rate=48000))


@pytest.mark.parametrize(("decibels", "right"), [(26, True), (14, False), (0, False)])
def test_a_resampled_crop_is_right_from_twenty_decibels_on(decibels, right):
    """However well the usual decoder does."""
    source, noise = np.random.default_rng(0).standard_normal((2, 16000)).astype(np.float32) / 8
    out = source + noise * np.float32(10 ** (-decibels / 20))
    found = checking._near(out, source, source, 16000, checking.RESAMPLED)
    assert (found.wrong == "") == right and found.metrics["snr_db"] == pytest.approx(decibels, abs=0.2)
