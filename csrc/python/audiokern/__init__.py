"""audiokern: fast audio kernels on CPUs, over NumPy arrays.

Each topic is a module: ``audiokern.limits`` and so on.
"""

from . import fft, limits, mel, quantize, resample, stft, vq, wav
from ._lib import AudiokernError, isa, isas

__all__ = ["AudiokernError", "fft", "isa", "isas", "limits", "mel", "quantize", "resample", "stft", "vq", "wav"]
