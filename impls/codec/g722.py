from bench import impl


@impl("codec", requires="av", extra="codecs")
def g722(case):
    """G.722: 8 bits for two samples, of which modes 2 and 3 leave the last one or two of the lower band unused."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, nearest, sliced

    nominal = nearest((48000, 56000, 64000), 1000 * case.bitrate)
    bits = nominal // 8000
    encoder = lambda: Encoder("g722", 16000, 1).joined
    decoder = lambda: Decoder("g722", 16000, 1, bits_per_codeword=bits)
    payload = lambda packets: bits * sum(map(len, packets))
    # the quadrature mirror filters have 24 taps on either side (G.722, table 11): 22 samples and the second of a pair
    made = framed(16000, 320, 22, nominal, encoder, decoder, payload_bits=payload)
    return sliced(made, 160, encoder, decoder, 22)
