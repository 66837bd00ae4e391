from bench import impl

LOW = (8, 16, 24, 32, 40, 48, 56, 64)  # kbit/s, ISO/IEC 11172-3 and 13818-3, table of bitrate_index
RATES = dict.fromkeys((8000, 11025, 12000), LOW)
RATES |= dict.fromkeys((16000, 22050, 24000), (*LOW, 80, 96, 112, 128, 144, 160))
RATES |= dict.fromkeys((32000, 44100, 48000), (*LOW[3:], 80, 96, 112, 128, 160, 192, 224, 256, 320))


@impl("codec", requires="av", extra="codecs")
def mp3(case):
    """Layer III of MPEG-1, 2 and 2.5 through LAME, at a constant bitrate with its bit reservoir."""
    from impls.codec._av import Encoder, buffered
    from impls.codec._common import nearest, rate_for

    rate = rate_for(case, RATES)
    if rate >= 32000 and case.bitrate < RATES[rate][0]:
        rate //= 2  # MPEG-2 goes lower
    nominal = 1000 * nearest(RATES[rate], case.bitrate)
    encoder = lambda: Encoder("libmp3lame", rate, case.channels, nominal, "fltp")
    # LAME's encoder is 576 samples late, a decoder 529 (LAME technical FAQ); it holds further frames back
    return buffered(rate, nominal, encoder, "mp3float", case.channels, 1105)
