from bench import impl

VARIANTS = {"": {}, "reused": {"reuse": True}, "avx2": {"isa": "avx2"}, "plain": {"plain": True}}


@impl("stft", requires="audiokern", variants=VARIANTS)
def c(case, reuse=False, isa="auto", plain=False):
    """This project's own; ``reused`` writes into one output array, ``plain`` is the definition in portable C."""
    import audiokern.stft as ak
    import numpy as np

    from impls._audiokern import op, options
    from suites.stft import hann, inverse_length

    length = inverse_length(case)
    config = ak.Config(case.n_fft, case.hop_length, hann(case.n_fft).astype(np.float32), case.center)
    if plain:
        return {"forward": lambda x: ak.stft_plain(x, config), "inverse": lambda s: ak.istft_plain(s, config, length)}
    forward, inverse = ak.Stft(config, **options(case, isa)), ak.Istft(config, **options(case, isa))
    return {"forward": op(forward, reuse), "inverse": op(lambda s, out: inverse(s, length, out), reuse)}
