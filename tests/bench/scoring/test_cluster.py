"""Scoring on a real Dask cluster of two workers; one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from desks import CASE, CLIPS, corpus, scored, timed

from bench.plan import Usage, parse_engine
from bench.runner import Observer
from bench.scoring import cluster

distributed = pytest.importorskip("distributed", reason="the extra distributed is not installed")


@pytest.fixture
def two(toys) -> Iterator[distributed.LocalCluster]:
    """Two workers of one thread each, in processes of their own, which know the toy codecs."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as made:
        yield made


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(toys, tmp_path, two, monkeypatch):
    with distributed.Client(two, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())

    class Killer(Observer):
        lines = 0

        def score(self, score) -> None:
            self.lines += 1
            if self.lines == 3:
                os.kill(pids[0], signal.SIGKILL)

    cases = [{**CASE, "bitrate": float(bitrate)} for bitrate in (64, 128)]
    address = two.scheduler_address.replace("tcp://", "dask://")
    audio = corpus(tmp_path / "audio")
    store = timed(tmp_path / "run", ["toy", "toy:dies"], audio, cases=cases, metrics=("snr",), engine=address)
    found = scored(toys, store, killer := Killer())
    assert killer.lines == len(found) == len({s.key for s in found}) == (1 + 2 * len(cases)) * len(CLIPS)
    assert {(s.impl, s.clip, s.status) for s in found if s.status != "ok"} == {("toy:dies", "b", "crash")}
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))  # nothing of what the cluster found
    alone = scored(toys, timed(tmp_path / "local", ["toy"], audio, cases=cases, metrics=("snr",)))
    values = {(s.impl, str(s.case), s.clip): s.values for s in alone}
    assert all(values[s.impl, str(s.case), s.clip] == s.values for s in found if s.impl == "toy")


def test_no_cluster_is_one_line(toys, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    store = timed(tmp_path / "run", ["toy"], corpus(tmp_path / "audio"), engine="dask://127.0.0.1:9")
    with pytest.raises(Usage, match=r"no Dask cluster with a worker answers at dask://127\.0\.0\.1:9"):
        scored(toys, store)


def test_an_address_is_checked_before_anything_is_timed():
    assert parse_engine("dask://node-7:8786") == "dask://node-7:8786" and parse_engine("local") == "local"
    for wrong in ("slurm", "dask://", "dask://node-7", "tcp://node-7:8786", ""):
        with pytest.raises(Usage, match="dask://HOST:PORT"):
            parse_engine(wrong)
