from bench import impl

BITS = {4750: 95, 5150: 103, 5900: 118, 6700: 134, 7400: 148, 7950: 159, 10200: 204, 12200: 244}  # TS 26.101, table 2


@impl("codec", requires="av", extra="codecs")
def amrnb(case):
    """AMR through opencore-amr, without discontinuous transmission."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, nearest

    rate = nearest(BITS, 1000 * case.bitrate)
    encoder = lambda: Encoder("libopencore_amrnb", 8000, 1, rate).joined
    decoder = lambda: Decoder("libopencore_amrnb", 8000, 1)
    # a packet of the storage format (RFC 4867, 5.3) has a header byte, and fills its last byte up
    payload, container = lambda packets: BITS[rate] * len(packets), lambda packets: 8 * sum(map(len, packets))
    # look-ahead of 5 ms (TS 26.090)
    return framed(8000, 160, 40, rate, encoder, decoder, payload_bits=payload, container_bits=container)
