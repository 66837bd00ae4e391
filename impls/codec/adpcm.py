from bench import impl

KINDS = {"ima": {"codec": "adpcm_ima_wav", "header": 4}, "ms": {"codec": "adpcm_ms", "header": 7}}
RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000)


@impl("codec", requires="av", extra="codecs", variants=KINDS)
def adpcm(case, codec, header, block=256):
    """4 bits a sample, in the blocks of WAV files, whose heads hold the predictor's state; fewer bits: a lower rate."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, nearest

    channels = case.channels
    frame = (block - header * channels) * 2 // channels + (1 if codec == "adpcm_ima_wav" else 2)
    rates = {8 * block * r / frame: r for r in RATES if r <= max(8000, case.sample_rate)}
    nominal = nearest(rates, 1000 * case.bitrate)
    shared = (codec, rates[nominal], channels)
    encoder = lambda: Encoder(*shared, format="s16" if codec == "adpcm_ms" else "s16p", block_size=block).joined
    decoder = lambda: Decoder(*shared, block_align=block, bits_per_coded_sample=4)
    return framed(rates[nominal], frame, 0, nominal, encoder, decoder, channels=2)
