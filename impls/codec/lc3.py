from bench import impl

RATES = (8000, 16000, 24000, 32000, 48000)


@impl("codec", requires="lc3", extra="codecs", variants={"": {}, "7.5ms": {"frame_us": 7500}})
def lc3(case, frame_us=10000):
    """LC3, 20 to 400 bytes for each channel and frame, from 16 bits to 16 bits; lc3py leaks 4 kB of state a file."""
    import lc3
    import numpy as np

    from impls.codec._common import framed, rate_for

    rate, channels = rate_for(case, RATES), case.channels
    encoder, decoder = lambda: lc3.Encoder(frame_us, rate, channels), lambda: lc3.Decoder(frame_us, rate, channels)
    made = encoder()
    size, frame = made.get_frame_bytes(round(1000 * case.bitrate)), made.get_frame_samples()
    into = lambda one: lambda x: one.encode(x.T.tobytes(), size, bit_depth=16)
    out = lambda one: lambda packet: np.frombuffer(one.decode(packet, bit_depth=16), np.int16).reshape(-1, channels).T
    lag = made.get_delay_samples()  # beyond the frame: 2.5 ms, or 4 ms with frames of 7.5 ms
    nominal = 8e6 * size / frame_us
    return framed(rate, frame, lag, nominal, lambda: into(encoder()), lambda: out(decoder()), channels=2)
