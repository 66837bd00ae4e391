from bench import Unsupported, impl


@impl("codec", requires="av", extra="codecs")
def aptx(case):
    """aptX: 4 bits a sample, whatever is asked; FFmpeg's is stereo only."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, rate_for, sliced, to_int32

    if case.channels != 2:
        raise Unsupported("stereo only")
    rate = rate_for(case, (8000, 16000, 24000, 32000, 44100, 48000))
    frame = rate // 400 * 4  # 10 ms; codewords stand for 4 samples
    encoder = lambda: Encoder("aptx", rate, 2, format="s32p", frame_size=frame).joined
    decoder = lambda: Decoder("aptx", rate, 2)
    made = framed(rate, frame, 90, 8 * rate, encoder, decoder, to_int32, channels=2)
    return sliced(made, frame, encoder, decoder, 90, to_int32)
