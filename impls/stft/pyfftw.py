from bench import impl


@impl("stft", requires="pyfftw")
def pyfftw(case):
    import numpy as np
    from pyfftw.builders import rfft

    from suites.stft import frames, hann

    n, hop, half = case.n_fft, case.hop_length, case.n_fft // 2 if case.center else 0
    window, block = hann(n).astype(np.float32), min(64 * case.threads, frames(case))  # fits in cache
    plan = rfft(np.zeros((block, n), "f"), overwrite_input=True, planner_effort="FFTW_MEASURE", threads=case.threads)

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        strided = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, ::hop]
        spectrum = np.empty((len(x), frames(case), n // 2 + 1), np.complex64)
        for row, i in np.ndindex(len(x), -(-frames(case) // block)):  # the last block overlaps the one before
            part = slice(i := min(i * block, frames(case) - block), i + block)
            np.multiply(strided[row, part], window, out=plan.input_array)
            spectrum[row, part] = plan()
        return spectrum

    return forward
