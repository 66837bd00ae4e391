"""A barrier that is missing is seen: `make sanitize` runs the tests of the emulated GPU under ThreadSanitizer."""

import shutil
import subprocess

import pytest

from tests.cuda.conftest import HERE, KERNELS

MAIN = """
#define EMULATE
#include "race.cu"
int main()
{
    float out[8];
    emulated::launch({1, 1, 1}, 8, sizeof out, [&] { race(out); });
}
"""


@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler is here to emulate a GPU with")
@pytest.mark.parametrize("barrier", [0, 1])
def test_a_race_is_seen(barrier, tmp_path):
    (tmp_path / "main.cpp").write_text(MAIN)
    flags = ["-std=c++20", "-O1", "-fsanitize=thread", "-pthread", f"-I{KERNELS}", f"-I{HERE}", f"-DBARRIER={barrier}"]
    subprocess.run(["g++", *flags, "-o", tmp_path / "race", tmp_path / "main.cpp"], check=True)
    done = subprocess.run([tmp_path / "race"], capture_output=True, text=True, check=False)
    assert ("data race" in done.stderr, done.returncode) == ((False, 0) if barrier else (True, 66))
