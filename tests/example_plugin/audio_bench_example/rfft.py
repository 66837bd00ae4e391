"""A plain STFT: one frame after the other."""

from bench import impl


@impl("stft", name="example_rfft", requires="numpy")
def rfft(case):
    import numpy as np

    half = case.n_fft // 2 if case.center else 0
    window = np.sin(np.pi * np.arange(case.n_fft) / case.n_fft) ** 2

    def forward(x):
        x = np.pad(x, ((0, 0), (half, half)), mode="reflect")
        starts = range(0, x.shape[1] - case.n_fft + 1, case.hop_length)
        frames = [np.fft.rfft(x[:, s : s + case.n_fft] * window) for s in starts]
        return np.stack(frames, axis=1).astype(np.complex64)

    return forward
