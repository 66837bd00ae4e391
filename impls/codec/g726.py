from bench import Codec, impl


@impl("codec", requires="av", extra="codecs")
def g726(case):
    """G.726 at 16, 24, 32 or 40 kbit/s; FFmpeg's encoder takes 1640 samples or more at once, too many to stream."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import nearest, padded, to_float, to_int16

    bits = nearest((2, 3, 4, 5), case.bitrate / 8)
    decoder = lambda: Decoder("g726", 8000, 1, bits_per_coded_sample=bits)

    def encode(x):
        encoder = Encoder("g726", 8000, 1, 8000 * bits, code_size=bits)
        return encoder(padded(to_int16(x), 8)) + encoder(None)  # eight samples fill whole bytes

    decode = lambda packets: to_float(decoder()(b"".join(packets)))
    return Codec(8000, encode, decode, 8000.0 * bits, delay=0)  # each sample is coded by itself (G.726)
