"""audiokern: fast audio kernels on CPUs, over NumPy arrays.

Each topic is a module: ``audiokern.limits`` and so on.
"""

from importlib.metadata import version

from . import fft, limits, mel, quantize, resample, stft, vq, wav
from ._lib import AudiokernError, isa, isas

__version__ = version("audio-bench")

__all__ = ["AudiokernError", "fft", "isa", "isas", "limits", "mel", "quantize", "resample", "stft", "vq", "wav"]
