from bench import impl


@impl("codec", requires=("soundfile", "av"), extra="codecs")
def gsm(case):
    """GSM 06.10 full rate: encoded by libsndfile, which has no frame-wise decoder, and decoded by FFmpeg."""
    from impls.codec._av import Decoder
    from impls.codec._common import framed, sliced
    from impls.codec._sndfile import Raw

    encoder, decoder = lambda: Raw("GSM610", 8000), lambda: Decoder("gsm", 8000, 1)
    # 260 bits a frame and no look-ahead (GSM 06.10); a file has 4 bits more, its signature of each frame
    payload, container = lambda packets: 260 * len(packets), lambda packets: 264 * len(packets)
    made = framed(8000, 160, 0, 13000, encoder, decoder, payload_bits=payload, container_bits=container)
    return sliced(made, 33, encoder, decoder)
