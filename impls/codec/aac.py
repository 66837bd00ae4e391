from bench import impl

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@impl("codec", requires="av", extra="codecs")
def aac(case):
    """AAC-LC by FFmpeg's own encoder, which keeps a low bitrate badly: asked for 6 kbit/s at 16 kHz, it spends 10."""
    from impls.codec._av import Encoder, buffered
    from impls.codec._common import rate_for

    rate, channels = rate_for(case, RATES), case.channels
    most = 6 * rate * channels  # bit/s: 6144 bits for each channel and frame of 1024 samples, ISO/IEC 14496-3
    nominal = min(max(1000 * case.bitrate, 8000 * channels), most)
    encoder = lambda: Encoder("aac", rate, channels, nominal, "fltp")
    return buffered(rate, nominal, encoder, "aac", channels, 1024)  # it overlaps with the frame before
