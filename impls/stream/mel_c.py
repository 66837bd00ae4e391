from bench import impl


@impl("stream", name="mel:c", requires="audiokern")
def mel_c(case):
    """log10 of 80 bands of power, this project's own."""
    import numpy as np
    from audiokern import mel, stft

    from impls.stream._frames import analysis, bank, sizes
    from suites.stft import hann

    size, hop = sizes(case)
    config = stft.Config(size, hop, hann(size).astype(np.float32), center=False)
    plan = mel.Mel(config, bank(case), 2, log="log10", floor=1e-10, frames_first=True, threads=case.threads)
    return analysis(case, plan, tolerance=1e-6)
