"""Speech from the espeak-ng library, to a buffer. No package is known to us that offers this.

Constants and prototypes: ``speak_lib.h`` and ``espeak_ng.h`` of espeak-ng 1.52. The library draws its breath noise from
a generator that it seeds by the clock, and from the C library's: both are seeded anew for each utterance. Whatever else
it remembers from one utterance to the next, nothing resets: each list is spoken by a process of its own, this file run
as a script.
"""

from __future__ import annotations

import ctypes
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Speech = NDArray[np.int16]

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: AUDIO_OUTPUT_SYNCHRONOUS
WORDS_PER_MINUTE = 1  # espeak_PARAMETER: espeakRATE
BY_CHARACTER = 1  # espeak_POSITION_TYPE: POS_CHARACTER
UTF8 = 1  # espeakCHARS_UTF8
SEED = 1

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakError(RuntimeError):
    """The library is there but does not do as it is told."""


def version() -> str:
    """Of the wheel that carries library and voices. Raises ImportError when it is not installed."""
    from importlib.metadata import version

    import espeakng_loader  # noqa: F401

    return version("espeakng-loader")


def speak(wanted: Sequence[tuple[str, str]], words_per_minute: int) -> tuple[list[Speech], int]:
    """Speech for each (voice, text): int16 arrays (samples,), and their sample rate (Hz).

    A voice is espeak-ng's name of a language and a variant, such as ``en-us+f3``. The same list gives the same samples.
    Raises :class:`EspeakError` without the wheel ``espeakng-loader``, and for an unknown voice.
    """
    asked = json.dumps([wanted, words_per_minute]).encode()
    # -P: the folder of this file must not shadow a library
    done = subprocess.run([sys.executable, "-P", __file__], input=asked, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().split("\n")[-1]
        raise EspeakError(words.removeprefix("EspeakError: ") or f"espeak-ng ended with {done.returncode}")
    arrays = io.BytesIO(done.stdout)
    rate, *speech = (np.load(arrays, allow_pickle=False) for _ in range(len(wanted) + 1))
    return speech, int(rate)


def main() -> None:
    """Standard input: [[[voice, text], ...], words a minute]. Standard output: the rate and the samples, as .npy."""
    wanted, words_per_minute = json.load(sys.stdin)
    library, rate = start()
    for array in (np.array(rate), *(utter(library, voice, text, words_per_minute) for voice, text in wanted)):
        data = io.BytesIO()  # into a pipe, NumPy would write some arrays and not others
        np.save(data, array, allow_pickle=False)
        sys.stdout.buffer.write(data.getvalue())


def start() -> tuple[ctypes.CDLL, int]:
    """The library, ready, and the sample rate (Hz) at which it speaks."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0:
        raise EspeakError(f"espeak-ng does not start (error {rate})")
    return library, rate


def utter(library: ctypes.CDLL, voice: str, text: str, words_per_minute: int) -> Speech:
    if library.espeak_SetVoiceByName(voice.encode()):
        raise EspeakError(f"espeak-ng has no voice {voice!r}")
    library.espeak_SetParameter(WORDS_PER_MINUTE, words_per_minute, 0)
    parts: list[Speech] = []

    def take(samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0  # go on

    callback = Callback(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    ctypes.CDLL(None).srand(SEED)
    data = text.encode()
    failed = library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, BY_CHARACTER, 0, UTF8, None, None)
    failed = failed or library.espeak_Synchronize()
    if failed or not parts:
        raise EspeakError(f"espeak-ng says nothing for {text!r} (error {failed})")
    return np.concatenate(parts)


if __name__ == "__main__":
    try:
        main()
    except (EspeakError, ImportError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
