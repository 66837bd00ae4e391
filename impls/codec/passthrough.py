from bench import Codec, impl

RATES = (8000, 16000, 24000, 48000)


@impl("codec", requires="numpy", variants={f"{rate // 1000}k": {"rate": rate} for rate in RATES})
def passthrough(case, rate):
    """No codec: what is lost between the case's rate and ``rate`` is the resampler's, and the ceiling of the others."""
    import numpy as np

    frame, channels = rate // 50, case.channels
    encode = lambda x: [part.tobytes() for part in np.split(x, range(frame, x.shape[1], frame), axis=1)]
    decode = lambda packets: np.concatenate([np.frombuffer(p, "f4").reshape(channels, -1) for p in packets], axis=1)
    stream = lambda: lambda x: decode([x.tobytes()])
    return Codec(rate, encode, decode, 32.0 * rate * channels, frame, frame, stream=stream, lossless=True, channels=8)
