import io

from bench import Codec, impl


@impl("codec", requires="soundfile")
def flac(case):
    """The lossless anchor: FLAC of 16 bits at libsndfile's default compression; the file is the one packet."""
    import numpy as np
    import soundfile

    def encode(x):
        file, samples = io.BytesIO(), np.clip(np.rint(x.T * 32768), -32768, 32767).astype(np.int16)
        soundfile.write(file, samples, case.sample_rate, format="FLAC")
        return [file.getvalue()]

    def metadata(file, at=4):  # RFC 9639, section 8: blocks of 1 + 3 + length bytes, the last one is flagged
        after = at + 4 + int.from_bytes(file[at + 1 : at + 4], "big")
        return after if file[at] & 128 else metadata(file, after)

    decode = lambda packets: soundfile.read(io.BytesIO(packets[0]), dtype="float32", always_2d=True)[0].T.copy()
    payload = lambda packets: 8 * (len(packets[0]) - metadata(packets[0]))
    container = lambda packets: 8 * len(packets[0])
    nominal = 16 * case.sample_rate * case.channels
    return Codec(case.sample_rate, encode, decode, nominal, None, 0, payload, container, lossless=True, channels=8)
