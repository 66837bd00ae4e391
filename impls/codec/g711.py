from bench import impl

LAWS = {"mulaw": {"law": "pcm_mulaw"}, "alaw": {"law": "pcm_alaw"}}


@impl("codec", requires="av", extra="codecs", variants=LAWS)
def g711(case, law):
    """G.711: 8 bits for each of 8000 samples, in packets of 20 ms (RFC 3551, 4.5.14)."""
    from impls.codec._av import Decoder, Encoder
    from impls.codec._common import framed, sliced

    encoder, decoder = lambda: Encoder(law, 8000, 1).joined, lambda: Decoder(law, 8000, 1)
    return sliced(framed(8000, 160, 0, 64000, encoder, decoder), 160, encoder, decoder)
