"""The library as others meet it: from C through pkg-config, forced to an instruction set, on AArch64."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import audiokern
import numpy as np
import pytest
from audiokern import _memory, limits
from audiokern._memory import HUGE_PAGE, LARGE

ROOT = Path(__file__).parents[2]
CSRC = ROOT / "csrc"


def run(*command: str | Path, **environment: str) -> str:
    """Output of a command that must succeed."""
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def test_example_in_c(tmp_path: Path) -> None:
    """Install the library where blanks are in the way, find it with pkg-config, compile the example, run it on every
    path."""
    need("cmake", "cc", "pkg-config")
    build, prefix, program = tmp_path / "build", tmp_path / "a prefix", tmp_path / "example"
    quickly = "-DCMAKE_C_FLAGS_RELEASE=-O1"  # what is tried here is how it is installed and found
    run("cmake", "-S", CSRC, "-B", build, f"-DCMAKE_INSTALL_LIBDIR={prefix / 'lib'}", quickly)
    run("cmake", "--build", build, "-j2")
    run("cmake", "--install", build, "--prefix", prefix)  # so pkg-config's file must not hold the default
    found = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    flags = shlex.split(run("pkg-config", "--cflags", "--libs", "audiokern", **found))
    run(
        "cc",
        "-std=c11",
        "-Wall",
        "-Werror",
        CSRC / "examples" / "stft_example.c",
        "-o",
        program,
        *flags,
        "-lm",
    )
    for isa in audiokern.isas():
        out = run(program, LD_LIBRARY_PATH=str(prefix / "lib"), AUDIOKERN_ISA=isa)
        assert "0.40 s: 1093 Hz" in out and "restored" in out


HEADERS = sorted((CSRC / "include" / "audiokern").glob("*.h"))


@pytest.mark.parametrize(("compiler", "suffix"), [("cc", "c"), ("c++", "cpp")])
@pytest.mark.parametrize("header", HEADERS, ids=[h.name for h in HEADERS])
def test_headers_are_c_and_cplusplus(header: Path, compiler: str, suffix: str, tmp_path: Path) -> None:
    """Each header compiles alone and without a warning, and a program that includes it links nothing and runs."""
    need(compiler)
    source, program = tmp_path / f"main.{suffix}", tmp_path / "main"
    source.write_text(
        f"#include <audiokern/{header.name}>\n#include <stdio.h>\n"
        'int main(void) { return printf("%d.%d.%d", AK_VERSION_MAJOR, AK_VERSION_MINOR, AK_VERSION_PATCH) < 0; }\n'
    )
    run(compiler, "-Wall", "-Wextra", "-Werror", f"-I{CSRC / 'include'}", source, "-o", program)
    assert run(program) == version()


def version() -> str:
    """What CMakeLists.txt calls the library."""
    found = re.search(r"project\(audiokern VERSION ([0-9.]+)", (CSRC / "CMakeLists.txt").read_text())
    assert found
    return found[1]


NEON_TEST = r"""
#include <audiokern/audiokern.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
static double error(int n, int isa) {
    enum { SAMPLES = 5000 };
    static float x[SAMPLES], w[4096], y[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) x[i] = (float)((i * 7919) % 997) / 997 - 0.5f;
    for (int i = 0; i < n; i++) w[i] = 0.6f - 0.4f * (float)cos(6.283185307 * i / n);
    ak_stft_config c = {.n_fft = n, .hop = n / 4, .window = w, .center = AK_CENTER_FRAME};
    c.pad = AK_PAD_REFLECT;
    ak_options o = {2, (ak_isa)isa};
    ak_stft_plan *p; ak_istft_plan *q;
    if (ak_stft_create(&p, &c, &o) || ak_istft_create(&q, &c, &o)) return 1;
    size_t f = ak_stft_frames(&c, SAMPLES), b = n / 2 + 1, count = f * b * 2;
    float *fast = malloc(count * 4), *plain = malloc(count * 4);
    if (ak_stft_execute(p, x, 1, SAMPLES, 0, fast, 0, b, NULL)) return 1;
    if (ak_stft_plain(&c, x, 1, SAMPLES, 0, plain)) return 1;
    if (ak_istft_execute(q, fast, 1, f, 0, b, y, SAMPLES, 0, NULL)) return 1;
    double d = 0, s = 0, t = 0, u = 0;
    for (size_t i = 0; i < count; i++) d += pow(fast[i] - plain[i], 2), s += pow(plain[i], 2);
    for (int i = 0; i < SAMPLES; i++) t += pow(x[i] - y[i], 2), u += pow(x[i], 2);
    ak_stft_destroy(p); ak_istft_destroy(q); free(fast); free(plain);
    return fmax(sqrt(d / s), sqrt(t / u));
}
int main(void) {
    int sizes[] = {64, 400, 480, 512, 97, 1024};
    double worst = 0;
    if (!ak_isa_usable(AK_ISA_NEON)) return 2;
    for (int i = 0; i < 6; i++)
        for (int isa = 1; isa <= 2; isa++) worst = fmax(worst, error(sizes[i], isa));
    printf("%g\n", worst);
    return worst < 1e-6 ? 0 : 1;
}
"""


def test_neon(tmp_path: Path) -> None:
    """The NEON path compiles without a warning, and is right where it can run."""
    need("cmake", "aarch64-linux-gnu-gcc")
    build, source, program = tmp_path / "build", tmp_path / "neon.c", tmp_path / "neon"
    run(
        *("cmake", "-S", CSRC, "-B", build, "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64"),
        *("-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc", "-DAK_WERROR=ON"),
    )
    run("cmake", "--build", build, "-j2")
    source.write_text(NEON_TEST)
    library = build / "libaudiokern.a"
    compile_it = ("aarch64-linux-gnu-gcc", "-O1", "-static", f"-I{CSRC / 'include'}", source, library)
    run(*compile_it, "-o", program, "-lm", "-lpthread")
    need("qemu-aarch64")
    assert float(run("qemu-aarch64", program)) < 1e-6


def test_musl(tmp_path: Path) -> None:
    """The library builds without a warning, and runs, where the C library is not glibc."""
    need("cmake", "musl-gcc")
    build, program = tmp_path / "build", tmp_path / "example"
    portable = ("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=any", "-DCMAKE_C_FLAGS_RELEASE=-O0")
    run("cmake", "-S", CSRC, "-B", build, "-DCMAKE_C_COMPILER=musl-gcc", "-DAK_WERROR=ON", *portable)
    run("cmake", "--build", build, "-j2", "--target", "audiokern_static")
    source, library = CSRC / "examples" / "stft_example.c", build / "libaudiokern.a"
    run("musl-gcc", "-static", f"-I{CSRC / 'include'}", source, library, "-o", program, "-lm")
    assert "restored" in run(program)


def python(code: str, **environment: str) -> str:
    return run(sys.executable, "-c", code, **environment).strip()


def test_environment_forces_a_path() -> None:
    for isa in audiokern.isas():
        assert python("import audiokern; print(audiokern.isa())", AUDIOKERN_ISA=isa) == isa
    ask = """if True:
        import audiokern
        from audiokern.stft import Config, Stft
        try:
            Stft(Config(400, 160))
        except audiokern.AudiokernError as error:
            print(error)"""
    assert "names no known instruction set" in python(ask, AUDIOKERN_ISA="sse9")
    missing = next(isa for isa in ("neon", "avx512", "avx2") if isa not in audiokern.isas())
    assert "not built in, or this CPU lacks it" in python(ask, AUDIOKERN_ISA=missing)


def test_missing_library_says_how_to_build_it() -> None:
    code = "try:\n import audiokern\nexcept ImportError as error:\n print(error)"
    assert "cmake --build" in python(code, AUDIOKERN_LIBRARY="/nowhere/libaudiokern.so")


@pytest.mark.parametrize("isa", audiokern.isas())
def test_limits_are_plausible(isa: str) -> None:
    for stats in (limits.fma_stats, limits.add_stats):
        one = stats(seconds=0.05, isa=isa)
        assert 0 < one.median <= one.best and one.repetitions >= 3
        with pytest.raises(audiokern.AudiokernError):
            stats(seconds=0)
    assert limits.fma(2, 0.05, isa) > 0
    for kind in ("read", "copy", "stream"):
        assert limits.bandwidth(1 << 16, kind, 2, 0.05, isa) > 0.1
    with pytest.raises(audiokern.AudiokernError):
        limits.bandwidth(16)
    with pytest.raises(ValueError, match="kind"):
        limits.bandwidth(1 << 16, "write")


def test_large_arrays_begin_where_a_huge_page_does() -> None:
    """Arrays that the binding makes: at the limit, and a word below it."""
    for size, large in ((LARGE, True), (LARGE - 4, False)):
        made = _memory.empty((size // 4, 1), np.dtype(np.float32))
        assert (made.shape, made.dtype, made.nbytes) == ((size // 4, 1), np.float32, size)
        assert made.flags.c_contiguous and made.flags.writeable
        assert not large or made.ctypes.data % HUGE_PAGE == 0
