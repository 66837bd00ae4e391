from bench import impl

RATES = (8000, 16000, 24000, 32000, 48000)


@impl("codec", requires="lc3", extra="codecs", variants={"": {}, "7.5ms": {"frame_us": 7500}})
def lc3(case, frame_us=10000):
    """LC3, 20 to 400 bytes for each channel and frame, from 16 bits to 16 bits."""
    from impls.codec._common import framed, rate_for
    from impls.codec._lc3 import Coder

    rate = rate_for(case, RATES)
    coder = Coder(frame_us, rate, case.channels)
    size = coder.bytes_for(1000 * case.bitrate)
    # the library says its own delay: 2.5 ms beyond the frame, or 4 ms with frames of 7.5 ms
    nominal, encoder = 8e6 * size / frame_us, lambda: coder.encoder(size)
    return framed(rate, coder.frame, coder.lag, nominal, encoder, coder.decoder, channels=2)
