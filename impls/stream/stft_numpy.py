from bench import impl


@impl("stream", name="stft:numpy", requires="numpy")
def stft_numpy(case):
    import numpy as np

    from impls.stream._frames import analysis, sizes
    from suites.stft import hann

    size, hop = sizes(case)
    window = hann(size).astype(np.float32)
    cut = lambda x: np.lib.stride_tricks.sliding_window_view(x, size, axis=1)[:, ::hop]
    return analysis(case, lambda x: np.fft.rfft(cut(x) * window).astype(np.complex64))
