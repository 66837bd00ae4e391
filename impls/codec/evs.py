from bench import Codec, impl

RATES = (5900, 7200, 8000, 9600, 13200, 16400, 24400, 32000, 48000, 64000, 96000, 128000)  # bit/s; 5900 varies


@impl("codec", requires="impls.codec._evs")
def evs(case):
    """EVS through the 3GPP reference programs that a user supplies, without discontinuous transmission."""
    import numpy as np

    from impls.codec import _evs
    from impls.codec._common import nearest, padded, rate_for, to_float, to_int16

    rate = rate_for(case, (8000, 16000, 32000, 48000))
    nominal = nearest(RATES[:7] if rate == 8000 else RATES, 1000 * case.bitrate)  # narrow band ends at 24.4 kbit/s
    frame, lag = rate // 50, 87 if rate == 8000 else rate * 12 // 1000  # 30.9 ms in all, else 32 (TS 26.445)
    encode = lambda x: _evs.encode(padded(to_int16(x), frame, lag).tobytes(), nominal, rate)
    decode = lambda packets: to_float(np.frombuffer(_evs.decode(packets, rate), "<i2")[None])
    return Codec(rate, encode, decode, nominal, frame + lag, frame, _evs.bits)
