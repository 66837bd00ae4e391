from bench import impl

MODES = {8000: 0, 16000: 1, 32000: 2}  # SPEEX_MODEID_NB, _WB, _UWB


@impl("codec", requires="impls.codec._speex", variants={"": {}, "c10": {"complexity": 10}})
def speex(case, complexity=3):
    """Speex at a constant bitrate, in narrow, wide or ultra-wide band."""
    from impls.codec._common import framed, nearest, rate_for
    from impls.codec._speex import Decoder, Encoder, bitrates

    rate = rate_for(case, MODES)
    known = bitrates(MODES[rate], rate)
    nominal = nearest(known, 1000 * case.bitrate)
    encoder = lambda: Encoder(MODES[rate], rate, known[nominal], complexity)
    decoder = lambda: Decoder(MODES[rate], rate)
    payload = lambda packets: nominal // 50 * len(packets)  # frames of 20 ms; a packet fills its last byte up
    lag = encoder().lookahead + decoder().lookahead  # what the library says of itself: 10, 13.9 and 15.9 ms
    return framed(rate, rate // 50, lag, nominal, encoder, decoder, payload_bits=payload)
