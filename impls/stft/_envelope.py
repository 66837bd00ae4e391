"""What an overlap-add is divided by."""

import numpy as np

from suites.stft import frames, hann, inverse_length


def envelope(case):
    """1 / (n_fft x the sum of squared windows) of each sample that is returned; 0 where nothing overlaps. float32."""
    count, length, offset = frames(case), inverse_length(case), case.n_fft // 2 if case.center else 0
    weight = np.zeros(max(offset + length, (count - 1) * case.hop_length + case.n_fft))
    square = hann(case.n_fft) ** 2
    for frame in range(count):
        start = frame * case.hop_length
        weight[start : start + case.n_fft] += square
    weight = weight[offset : offset + length]
    return np.divide(1, case.n_fft * weight, out=np.zeros(length), where=weight > 1e-11).astype(np.float32)
