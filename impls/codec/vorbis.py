from bench import Codec, impl

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000)


@impl("codec", requires="soundfile")
def vorbis(case):
    """Vorbis through libsndfile; a packet is an Ogg page, and the payload what the audio packets in them hold."""
    from impls.codec._sndfile import at_payload, packet_sizes, pages, read, vorbis_nominal, write

    channels, asked = case.channels, 1000 * case.bitrate
    rates = [r for r in RATES if r <= case.sample_rate]
    # the highest rate at which libvorbis goes as low as asked
    rate = max((r for r in rates if vorbis_nominal(r, channels, 0) <= asked), default=RATES[0])
    nominal = min(max(asked, vorbis_nominal(rate, channels, 0)), vorbis_nominal(rate, channels, 1))
    make = lambda x, quality: pages(write(x, rate, "VORBIS", "OGG", compression_level=1 - quality))
    payload = lambda found: 8 * sum(packet_sizes(found)[3:])  # the first three packets are headers
    encode = at_payload(make, payload, asked / rate)
    decode = lambda found: read(b"".join(found))
    container = lambda found: 8 * sum(map(len, found))
    return Codec(rate, encode, decode, nominal, payload_bits=payload, container_bits=container, channels=2)
