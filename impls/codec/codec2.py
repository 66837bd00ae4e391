from bench import impl

MODES = (700, 1200, 1300, 1400, 1600, 2400, 3200)  # bit/s; 700 is 700C


@impl("codec", requires="pycodec2", extra="codecs")
def codec2(case):
    """Codec 2: sinusoids, so that the waveform is not followed; the decoder draws phases from a state never reset."""
    import pycodec2

    from impls.codec._common import framed, nearest

    mode = nearest(MODES, 1000 * case.bitrate)
    made = lambda: pycodec2.Codec2(mode)
    encoder = lambda: (lambda one: lambda x: one.encode(x[0].copy()))(made())
    decoder = lambda: (lambda one: lambda packet: one.decode(packet)[None])(made())
    frame, bits = made().samples_per_frame(), made().bits_per_frame()
    payload = lambda packets: bits * len(packets)  # 1300: 52 bits in 7 bytes
    # half of the analysis window of 40 ms (M_PITCH_S in the library's defines.h)
    return framed(8000, frame, 160, mode, encoder, decoder, payload_bits=payload, parametric=True)
