from bench import impl


@impl("codec", requires="av", extra="codecs")
def sbc(case):
    """SBC of 8 subbands and 16 blocks, mono or joint stereo; the bitpool that comes nearest to the bitrate."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, nearest, rate_for

    rate, channels = rate_for(case, (16000, 32000, 44100, 48000)), case.channels
    # frame length, A2DP 12.9: head and check 4 bytes, scale factors, (joint flags and) 16 blocks of the bitpool's bits
    size = lambda pool: 4 + 4 * channels + (8 * (channels - 1) + 16 * pool + 7) // 8
    pools = {8 * size(pool) * rate / 128: pool for pool in range(2, 128 * channels + 1)}
    nominal = nearest(pools, 1000 * case.bitrate)
    quality = 118 * pools[nominal]  # FF_QP2LAMBDA
    encoder = lambda: Encoder("sbc", rate, channels, 128000, global_quality=quality).joined
    decoder = lambda: Decoder("sbc", rate, channels)
    # (blocks + 10) * subbands - 2 samples in all, says FFmpeg's sbcenc.c; it is 5 fewer
    return framed(rate, 128, 78, nominal, encoder, decoder, channels=2)
