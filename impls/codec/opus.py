from bench import impl

LOWDELAY = {"application": "lowdelay", "frame_ms": 10}
VARIANTS = {"": {}, "cbr": {"vbr": "off"}, "audio": {"application": "audio"}, "lowdelay": LOWDELAY}
VARIANTS |= {"audio-cbr": {"application": "audio", "vbr": "off"}, "c5": {"complexity": 5}, "c0": {"complexity": 0}}
CUTOFF = {8000: 4000, 12000: 6000, 16000: 8000, 24000: 12000}  # Hz: no bits for a band that is empty


@impl("codec", requires="av", extra="codecs", variants=VARIANTS)
def opus(case, application="voip", vbr="on", complexity=10, frame_ms=20):
    """libopus at 48 kHz, where it always decodes; a packet's one byte of configuration is needed, hence payload."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import as_it_is, framed

    nominal, channels = min(max(1000 * case.bitrate, 6000), 256000 * case.channels), case.channels  # RFC 6716, 2.1.1
    settings = {"application": application, "vbr": vbr, "compression_level": complexity, "frame_duration": frame_ms}
    settings["cutoff"] = CUTOFF.get(case.sample_rate, 20000)
    made = lambda: Encoder("libopus", 48000, channels, nominal, "flt", **settings)
    lag = int.from_bytes(made().extradata[10:12], "little")  # pre-skip, RFC 7845: 312 samples, or 120 in lowdelay
    decoder = lambda: Decoder("libopus", 48000, channels, request_sample_fmt="flt")
    return framed(48000, 48 * frame_ms, lag, nominal, lambda: made().joined, decoder, as_it_is, channels=2)
