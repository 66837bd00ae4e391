"""Intel IPP's real FFT inside loops that Numba compiles: what a C program that links IPP would do.

The wheel `ipp` brings shared libraries and no Python. Its dispatcher looks for file names that the wheel does not have,
so the library for this CPU is loaded by its own name. Importing this fails where either is missing.
"""

import ctypes
from functools import cache
from importlib import metadata
from pathlib import Path

import numba
import numpy as np
from numba import njit, prange

__version__ = metadata.version("ipp")

INVERSE_BY_N = 2  # IPP_FFT_DIV_INV_BY_N
FAST = 1  # ippAlgHintFast
NEEDS = {  # IPP's names of its libraries for CPUs, the best first
    "k0": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
    "l9": {"avx2"},
    "y8": {"sse4_2"},
}
BLOCK = 16  # frames that are handled together


def _load():
    """The signal and the image processing library."""
    files = {Path(f).name.split(".so")[0]: str(f.locate()) for f in metadata.files("ipp") or () if ".so" in str(f)}
    flags = {
        word for line in Path("/proc/cpuinfo").read_text().splitlines() if "flags" in line for word in line.split()
    }
    cpu = next((name for name, need in NEEDS.items() if flags >= need), "")
    try:
        ctypes.CDLL(files["libippcore"], ctypes.RTLD_GLOBAL)
        return tuple(ctypes.CDLL(files[f"libipp{kind}{cpu}"]) for kind in "si")
    except (KeyError, OSError) as error:
        raise ImportError(f"the libraries of the wheel ipp cannot be loaded: {error}") from None


def _typed(function, *types):
    function.argtypes, function.restype = types, ctypes.c_int
    return function


address, whole = ctypes.c_ssize_t, ctypes.c_int
lib, images = _load()
POWERS = {  # source, target, length
    1: _typed(lib.ippsMagnitude_32fc, address, address, whole),
    2: _typed(lib.ippsPowerSpectr_32fc, address, address, whole),
}
# source, its step, target, its step, and the size: 32 bits of width, 32 of height
transpose = _typed(images.ippiTranspose_32f_C1R, address, whole, address, whole, ctypes.c_int64)


def _transforms(kind):
    """Forward and inverse of "FFT" or "DFT"."""
    return tuple(_typed(lib[f"ipps{kind}{way}_32f"], *[address] * 4) for way in ("Fwd_RToCCS", "Inv_CCSToR"))


class RealFft:
    """A plan for ``n`` points. The functions of :func:`_transforms` take source, target, ``spec`` and a buffer.

    The target of the forward one is n // 2 + 1 complex numbers; the inverse is scaled by 1 / n.
    """

    def __init__(self, n):
        power = n & (n - 1) == 0  # IPP has faster functions for these
        kind, size = ("FFT", n.bit_length() - 1) if power else ("DFT", n)
        sizes = [ctypes.c_int() for _ in range(3)]
        _check(lib[f"ipps{kind}GetSize_R_32f"](size, INVERSE_BY_N, FAST, *map(ctypes.byref, sizes)))
        spec, initial, self.buffer_size = (s.value for s in sizes)
        self._memory = [np.zeros(count + 64, np.uint8) for count in (spec, initial)]
        spec, initial = (m.ctypes.data + -m.ctypes.data % 64 for m in self._memory)
        init = lib[f"ipps{kind}Init_R_32f"]
        if power:
            made = ctypes.c_void_p()
            args = ctypes.byref(made), size, INVERSE_BY_N, FAST, ctypes.c_void_p(spec), ctypes.c_void_p(initial)
            _check(init(*args))
            self.spec = made.value
        else:
            _check(init(size, INVERSE_BY_N, FAST, ctypes.c_void_p(spec), ctypes.c_void_p(initial)))
            self.spec = spec
        self.n, self.bins, self.kind = n, n // 2 + 1, kind

    def scratch(self, threads, floats=0):
        """For each thread a row of ``floats`` float32 and then the buffer that IPP wants, on lines of its own."""
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        return np.zeros((threads, -(-(4 * floats + self.buffer_size + 64) // 64) * 16), np.float32)


def _check(status):
    if status < 0:
        raise RuntimeError(f"IPP says {status}")


def _keeping(fft, call):
    """``call``, which knows the plan by its addresses only, and so must keep it from being freed."""
    call.plan = fft
    return call


def rows(fft, inverse, threads):
    """``call(source, target)`` transforms each row: float32 (batch, n) to float32 (batch, 2 (n // 2 + 1)), or back.

    The wider one is what an array of complex64 holds.
    """
    loop, scratch = _rows(fft.kind, inverse, threads > 1), fft.scratch(threads)
    return _keeping(fft, lambda source, target: loop(source, target, fft.spec, scratch))


@cache
def _rows(kind, inverse, parallel):
    run = _transforms(kind)[inverse]

    @njit("void(f4[:, ::1], f4[:, ::1], i8, f4[:, ::1])", parallel=parallel, error_model="numpy")
    def loop(source, target, spec, scratch):
        for row in prange(len(source)):
            work = scratch[numba.get_thread_id()]
            from_, to = 4 * row * source.shape[1], 4 * row * target.shape[1]
            run(source.ctypes.data + from_, target.ctypes.data + to, spec, work.ctypes.data)

    return loop


@njit(error_model="numpy")
def take(signal, start, window, piece):
    """A windowed frame; samples beyond the ends are reflected."""
    n, last = len(window), len(signal) - 1
    if start >= 0 and start + n <= len(signal):
        for i in range(n):
            piece[i] = signal[start + i] * window[i]
    else:
        for i in range(n):
            t = abs(start + i)
            piece[i] = signal[t if t <= last else 2 * last - t] * window[i]


def stft(fft, window, hop, left, threads):
    """``call(x, spectra)``: x float32 (batch, samples), spectra complex64 (batch, frames, n // 2 + 1).

    Frame m begins at sample m hop - left. Each is windowed into a buffer and transformed to where it belongs.
    """
    loop, scratch = _stft(fft.kind, threads > 1), fft.scratch(threads, fft.n)
    constants = hop, left, np.ascontiguousarray(window, np.float32), fft.spec, scratch
    return _keeping(fft, lambda x, spectra: loop(x, spectra.view("f4"), *constants))


@cache
def _stft(kind, parallel):
    run = _transforms(kind)[0]
    types = "f4[:, ::1], f4[:, :, ::1], i8, i8, f4[::1], i8, f4[:, ::1]"

    @njit(f"void({types})", parallel=parallel, error_model="numpy")
    def loop(x, spectra, hop, left, window, spec, scratch):
        batch, frames, width = spectra.shape
        n, blocks = len(window), -(-frames // BLOCK)
        for task in prange(batch * blocks):
            piece = scratch[numba.get_thread_id()]
            row, first = task // blocks, task % blocks * BLOCK
            for m in range(first, min(first + BLOCK, frames)):
                take(x[row], m * hop - left, window, piece)
                target = spectra.ctypes.data + 4 * width * (row * frames + m)
                run(piece.ctypes.data, target, spec, piece.ctypes.data + 4 * n)

    return loop


def mel(fft, window, hop, left, bank, power, threads):
    """``call(x, out)``: x float32 (batch, samples), out float32 (batch, frames, n_mels).

    ``bank`` is (n_mels, bins), ``power`` 1 or 2. The powers of 16 frames are transposed, so that a band is a sum over
    the bins that it covers for all 16 at once; the sums are transposed back to where they belong.
    """
    used = bank != 0
    first = used.argmax(1)
    last = np.where(used.any(1), fft.bins - used[:, ::-1].argmax(1), first)
    bands = np.ascontiguousarray(bank, np.float32), first, last
    # a thread's buffers, one after another: frame, spectrum, powers, powers transposed, sums
    ends = np.cumsum([fft.n, 2 * fft.bins, BLOCK * fft.bins, BLOCK * fft.bins, BLOCK * len(bank)])
    loop, scratch = _mel(fft.kind, power, threads > 1), fft.scratch(threads, int(ends[-1]))
    constants = hop, left, np.ascontiguousarray(window, np.float32), *bands, fft.spec, ends, scratch
    return _keeping(fft, lambda x, out: loop(x, out, *constants))


@cache
def _mel(kind, power, parallel):
    run, squared = _transforms(kind)[0], POWERS[power]
    types = "f4[:, ::1], f4[:, :, ::1], i8, i8, f4[::1], f4[:, ::1], i8[::1], i8[::1], i8, i8[::1], f4[:, ::1]"

    @njit(f"void({types})", parallel=parallel, fastmath=True, error_model="numpy")
    def loop(x, out, hop, left, window, bank, first, last, spec, ends, scratch):
        batch, frames, mels = out.shape
        bins, blocks = bank.shape[1], -(-frames // BLOCK)
        spectrum, powers, turned, sums, work = 4 * ends[0], 4 * ends[1], 4 * ends[2], 4 * ends[3], 4 * ends[4]
        for task in prange(batch * blocks):
            piece = scratch[numba.get_thread_id()]
            here, lanes, added = piece.ctypes.data, piece[ends[2] : ends[3]], piece[ends[3] : ends[4]]
            row, start = task // blocks, task % blocks * BLOCK
            count = min(BLOCK, frames - start)
            for f in range(count):
                take(x[row], (start + f) * hop - left, window, piece)
                run(here, here + spectrum, spec, here + work)
                squared(here + spectrum, here + powers + 4 * f * bins, bins)
            transpose(here + powers, 4 * bins, here + turned, 4 * BLOCK, bins | (count << 32))
            for band in range(mels):
                k, to = first[band], BLOCK * band
                for f in range(BLOCK):
                    added[to + f] = np.float32(0)
                while k + 4 <= last[band]:  # four bins in one step
                    a, b, c, d, at = bank[band, k], bank[band, k + 1], bank[band, k + 2], bank[band, k + 3], BLOCK * k
                    for f in range(BLOCK):
                        two = a * lanes[at + f] + b * lanes[at + BLOCK + f]
                        added[to + f] += two + (c * lanes[at + 2 * BLOCK + f] + d * lanes[at + 3 * BLOCK + f])
                    k += 4
                while k < last[band]:
                    weight = bank[band, k]
                    for f in range(BLOCK):
                        added[to + f] += weight * lanes[BLOCK * k + f]
                    k += 1
            target = out.ctypes.data + 4 * mels * (row * frames + start)
            transpose(here + sums, 4 * BLOCK, target, 4 * mels, count | (mels << 32))

    return loop
