from bench import impl

BITS = {6600: 132, 8850: 177, 12650: 253, 14250: 285, 15850: 317, 18250: 365, 19850: 397, 23050: 461, 23850: 477}


@impl("codec", requires=("impls.codec._vo_amrwbenc", "av"), extra="codecs")
def amrwb(case):
    """AMR-WB: encoded by VisualOn's encoder, decoded by FFmpeg; bits a frame of 20 ms from TS 26.201, table 2."""
    from impls.codec._av import Decoder
    from impls.codec._common import framed, nearest
    from impls.codec._vo_amrwbenc import Encoder

    rate = nearest(BITS, 1000 * case.bitrate)
    encoder, decoder = lambda: Encoder(list(BITS).index(rate)), lambda: Decoder("amrwb", 16000, 1)
    # a packet of the storage format (RFC 4867, 5.3) has a header byte, and fills its last byte up
    payload, container = lambda packets: BITS[rate] * len(packets), lambda packets: 8 * sum(map(len, packets))
    # look-ahead of 5 ms (TS 26.190); filters between 16 and 12.8 kHz add 0.9 ms that are not declared
    return framed(16000, 320, 80, rate, encoder, decoder, payload_bits=payload, container_bits=container)
