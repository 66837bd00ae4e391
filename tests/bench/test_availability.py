"""What is required is imported for real: once for those that share it, and a failure is told as the import told it."""

from __future__ import annotations

import pytest

from bench import availability, registry, worker
from bench.core import Implementation, Unsupported

COUNTS = "import os\nwith open(os.environ['BENCH_TEST_LOG'], 'a') as log:\n    log.write('imported\\n')\n"
THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
ALONE = ("numpy", "aborts")


@pytest.fixture
def found(toys, tmp_path, monkeypatch):
    """{requirements: reason} of four sets that share the module ``counted``, whose text is given, and of two others."""
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("BENCH_TEST_LOG", str(log))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "aborts.py").write_text("import os; os.write(2, b'no such processor'); os.abort()")
    (tmp_path / "impls" / "toy").mkdir(parents=True)

    def found(text: str) -> tuple[dict[tuple[str, ...], str], int]:
        (tmp_path / "counted.py").write_text(text)
        needs = [("counted", other) for other in ("json", "wave", "csv", "aborts")] + [("aborts",), ("no_such_module",)]
        for n, need in enumerate(needs):
            made = f'from bench import impl\n\n\n@impl("toy", requires={need})\ndef needs{n}(case):\n    return None\n'
            (tmp_path / "impls" / "toy" / f"needs{n}.py").write_text(made)
        registry.load.cache_clear()
        mine = [i for i in registry.load().implementations if i.name.startswith("needs")]
        told: list[tuple[int, int]] = []
        reasons = availability.probe(mine, lambda done, of: told.append((done, of)))
        assert told == [(n, 6) for n in range(1, 7)] and set(reasons) == set(needs)
        return reasons, len(log.read_text().splitlines())

    yield found
    registry.load.cache_clear()


@pytest.mark.parametrize(("text", "imports"), [(COUNTS, 1), (COUNTS + THREAD, 5)], ids=["shared", "leaves a thread"])
def test_what_several_share_is_imported_once_where_it_can_be_copied(found, text, imports):
    reasons, seen = found(text)
    assert seen == imports, "once, or once to find out and once for each"
    assert [n for n, reason in reasons.items() if not reason] == [("counted", x) for x in ("json", "wave", "csv")]
    assert "SIGABRT; its last words: no such processor" in reasons["aborts",]
    assert "SIGABRT" in reasons["counted", "aborts"]
    assert "pip install no_such_module" in reasons["no_such_module",]


def test_a_shared_module_that_is_not_there_is_told_by_each(found):
    reasons, _ = found("raise ImportError('libcounted.so: cannot open shared object file')")
    assert all("libcounted.so" in reason for need, reason in reasons.items() if "counted" in need)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ModuleNotFoundError("No module named 'cuda'", name="cuda"), "; pip install 'audio-bench[gpu]'"),
        (ModuleNotFoundError("No module named 'impls._x'", name="impls._x"), ""),
        (ImportError("BENCH_X is not set; name a folder"), ""),
    ],
)
def test_a_helpers_own_remedy_stands_and_what_it_lacks_has_the_extras(monkeypatch, error, remedy):
    def fails(module):
        raise error

    monkeypatch.setattr(worker.importlib, "import_module", fails)
    with pytest.raises(Unsupported) as told:
        worker.prove(Implementation("s", "x", lambda case: None, ("impls._x",), "gpu"))
    assert str(told.value) == f"{type(error).__name__}: {error}{remedy}"
