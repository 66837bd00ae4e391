"""Every file of cuda/ compiles, from Turing on, by nvcc, and by NVRTC as it is used; without a GPU."""

import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from bench import Unsupported

KERNELS = Path(__file__).parents[2] / "cuda"
LANES = {"N_FFT": 400, "COLUMN": 20, "ROW": 20, "HOP": 160, "FRAMES": 16, "THREADS": 192}
LARGE = {"N_FFT": 1024, "COLUMN": 32, "ROW": 32, "HOP": 256, "THREADS": 288}
CONSTANTS = {
    "stft.cu": {"N_FFT": 400, "HOP": 160, "FRAMES": 7, "OUTPUT": 0},
    "istft.cu": {"N_FFT": 1024, "HOP": 256, "FRAMES": 2, "TILE": 2048},
    "mel.cu": {
        **{"N_FFT": 400, "HOP": 160, "FRAMES": 7, "WINDOW": 400, "KALDI": 0},
        **{"N_MELS": 80, "POWER": 2, "LOG": 1, "OUTPUT": 0},
    },
    "mel_range.cu": {"OUTPUT": 0},
    "stft_lanes.cu": LANES | {"OUTPUT": 0},
    "mel_lanes.cu": LANES | {"N_MELS": 80, "POWER": 2, "LOG": 1, "OUTPUT": 0},
    "resample.cu": {
        **{"UP": 160, "DOWN": 441, "BEFORE": 364, "PERIOD": 160, "STEP": 441, "PITCH": 444},
        **{"WINDOW": 760, "KINDS": 20, "ROWS": 6, "GROUPS": 20, "CHUNKS": 1, "HELD": 50},
    },
    "limits.cu": {},
    "mulaw.cu": {},
    "vq_tc.cu": {"DIM": 128, "SIZE": 1024, "STAGES": 8, "CODES": 32},
    "vq_sieve.cu": {"DIM": 128, "SIZE": 1024, "STAGES": 8},
    "vq.cu": {"DIM": 128, "SIZE": 1024, "STAGES": 8, "VECTORS": 32, "CODES": 32},
}
KALDI = {"N_FFT": 512, "FRAMES": 5, "KALDI": 1}
SHARED_PERIOD = {
    **{"UP": 441, "DOWN": 160, "BEFORE": 7, "PERIOD": 441, "STEP": 160, "PITCH": 164},
    **{"WINDOW": 28, "KINDS": 56, "ROWS": 4, "GROUPS": 28, "CHUNKS": 2, "HELD": 33},
}
OTHERS = [
    ("stft.cu", {"OUTPUT": 1}),
    ("stft.cu", {"OUTPUT": 2}),
    ("mel.cu", {"OUTPUT": 1}),
    ("mel_range.cu", {"OUTPUT": 1}),
    ("mel_range.cu", {"OUTPUT": 2}),
    ("stft_lanes.cu", LARGE),
    ("mel_lanes.cu", LARGE | {"POWER": 1, "LOG": 0, "OUTPUT": 1}),
    ("mel_lanes.cu", {"OUTPUT": 2}),
    ("mel.cu", KALDI | {"OUTPUT": 2}),
    ("resample.cu", SHARED_PERIOD),
]
SETTINGS = [*CONSTANTS.items(), *((file, CONSTANTS[file] | other) for file, other in OTHERS)]
EACH = pytest.mark.parametrize(("file", "constants"), SETTINGS, ids=lambda v: v if isinstance(v, str) else "")
WANTED = {75, 80, 86, 89, 90, 100, 120}  # Turing to Blackwell


def test_every_file_is_compiled_here():
    assert set(CONSTANTS) == {path.name for path in KERNELS.glob("*.cu")}


@pytest.fixture(scope="module")
def architectures():
    if not shutil.which("nvcc"):
        pytest.skip("nvcc is not installed here")
    said = subprocess.run(["nvcc", "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout
    found = sorted({int(line.removeprefix("compute_")) for line in said.split()})
    return [a for a in found if a in WANTED]


@EACH
def test_nvcc_compiles_it_for_every_architecture_without_spills(file, constants, architectures, tmp_path):
    """Of the same text with other constants, for the oldest and Hopper."""
    wanted = architectures if constants is CONSTANTS[file] else {architectures[0], 90}.intersection(architectures)
    codes = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in sorted(wanted)]
    defines = [f"-D{name}={value}" for name, value in constants.items()]
    command = [
        "nvcc",
        "-std=c++17",
        "-Werror",
        "all-warnings",
        *codes,
        *defines,
        "-fatbin",
        "--threads",
        "2",
        "--resource-usage",
    ]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "k.fatbin"), str(KERNELS / file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    spills = [line for line in (done.stdout + done.stderr).splitlines() if "bytes spill" in line]
    assert all(" 0 bytes spill stores" in line for line in spills), spills
    assert len(architectures) >= 5


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    helper = pytest.importorskip("impls._cuda", reason="cuda.core is not installed here", exc_type=ImportError)
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    return helper.compiled


@EACH
def test_nvrtc_compiles_it_once_and_keeps_it(file, constants, compiled, tmp_path):
    code = compiled(file, "sm_90", **constants)
    kept = list((tmp_path / "cuda").iterdir())
    assert code[:4] == b"\x7fELF"
    assert [path.read_bytes() for path in kept] == [code]
    kept[0].write_bytes(b"kept")
    assert compiled(file, "sm_90", **constants) == b"kept"
    assert compiled(file, "sm_80", **constants)[:4] == b"\x7fELF"


def test_a_home_where_nothing_can_be_kept_has_kernels_too(compiled, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "file"))
    assert compiled("mulaw.cu", "sm_90")[:4] == b"\x7fELF"


def test_where_no_home_is_known_the_folder_that_was_named_is_used(compiled, tmp_path, monkeypatch):
    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert compiled("mulaw.cu", "sm_90")[:4] == b"\x7fELF" and len(list((tmp_path / "cuda").iterdir())) == 1
    monkeypatch.delenv("BENCH_CACHE_DIR")
    with pytest.raises(Unsupported, match="set HOME, or BENCH_CACHE_DIR"):
        compiled("mulaw.cu", "sm_90")


def test_a_size_that_no_kernel_can_do_is_refused_by_the_compiler(compiled):
    with pytest.raises(Exception, match="only factors 2, 3 and 5"):
        compiled("stft.cu", "sm_90", N_FFT=14, HOP=7, FRAMES=2, OUTPUT=0)
