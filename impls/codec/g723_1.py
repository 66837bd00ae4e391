from bench import impl


@impl("codec", requires="av", extra="codecs")
def g723_1(case):
    """G.723.1 at 6.3 kbit/s, the one of its rates that FFmpeg encodes."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed

    encoder = lambda: Encoder("g723_1", 8000, 1, 6300).joined
    decoder = lambda: Decoder("g723_1", 8000, 1)
    # 24 bytes a frame of 30 ms, of which 3 bits tell the rate; look-ahead 7.5 ms (G.723.1, clause 1)
    payload, container = lambda packets: 189 * len(packets), lambda packets: 192 * len(packets)
    return framed(8000, 240, 60, 6300, encoder, decoder, payload_bits=payload, container_bits=container)
