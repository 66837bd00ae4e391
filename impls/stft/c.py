from bench import Op, impl


@impl("stft", requires="audiokern", variants={"": {}, "reused": {"reuse": True}, "plain": {"plain": True}})
def c(case, reuse=False, plain=False):
    """This project's own; ``reused`` writes into one output array, ``plain`` is the definition in portable C."""
    import audiokern.stft as ak
    import numpy as np

    from suites.stft import frames, hann, inverse_length

    length = inverse_length(case)
    config = ak.Config(case.n_fft, case.hop_length, hann(case.n_fft).astype(np.float32), case.center)
    if plain:
        return {"forward": lambda x: ak.stft_plain(x, config), "inverse": lambda s: ak.istft_plain(s, config, length)}
    forward, inverse = ak.Stft(config, case.threads), ak.Istft(config, case.threads)
    if not reuse:
        return {"forward": forward, "inverse": lambda s: inverse(s, length)}
    spectrum = np.empty((case.batch, frames(case), config.bins), np.complex64)
    audio = np.empty((case.batch, length), np.float32)
    return {
        "forward": Op(lambda x: forward(x, spectrum), finish=np.copy),
        "inverse": Op(lambda s: inverse(s, length, audio), finish=np.copy),
    }
