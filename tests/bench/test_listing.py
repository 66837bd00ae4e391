"""What `bench list` says of GPUs."""

import subprocess
import sys

import pytest

from bench import listing
from bench.plan import Item, Plan
from bench.results import Row
from bench.store import Store


def test_without_a_gpu_what_needs_one_says_so(toys, monkeypatch):
    monkeypatch.setattr(listing, "why_no_gpu", lambda: "no CUDA device 0: none was built in")
    lines = {line["impl"]: line for line in listing.listing("toy")}
    assert (lines["on_gpu"]["available"], lines["on_gpu"]["reason"]) == (False, "no CUDA device 0: none was built in")
    assert lines["good"]["available"]


@pytest.mark.parametrize(
    ("device", "status", "proven"), [("cuda", "ok", True), ("cuda", "wrong", False), ("cpu", "ok", False)]
)
def test_a_run_directory_proves_what_ran_on_a_gpu(tmp_path, device, status, proven):
    plan = Plan([Item("toy", [{"size": 64}], ["on_gpu"], ["add"])], device=device)
    store = Store(tmp_path / "results" / "reference" / "a-gpu" / "toy", plan, {})
    store.append(Row("r", "toy", "on_gpu", {"size": 64}, "add", device=device, status=status))
    store.close()
    (tmp_path / "results" / "killed").mkdir()  # before it had a row
    (tmp_path / "results" / "killed" / "plan.json").write_bytes(b'{"device": "cuda", "damaged": \xff')
    assert listing.on_gpu(tmp_path / "results") == ({("toy", "on_gpu")} if proven else set())


def test_what_no_run_proves_is_marked(capsys):
    line = {
        "suite": "toy",
        "impl": "on_gpu",
        "devices": ["cuda"],
        "available": True,
        "reason": "",
        "measured_on_gpu": False,
    }
    listing.print_listing([line])
    assert "no run here shows it on a GPU yet" in " ".join(capsys.readouterr().out.split())


def test_finding_everything_loads_no_library_that_takes_long():
    """Every worker finds all suites and implementations when it starts."""
    heavy = "{'scipy', 'torch', 'pandas', 'matplotlib', 'transformers', 'cuda'}"
    code = f"import sys; from bench.registry import load; load(); print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
