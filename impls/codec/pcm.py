from bench import Codec, impl


@impl("codec", requires="numpy", variants={f"{bits}bit": {"bits": bits} for bits in (16, 12, 8)})
def pcm(case, bits):
    """Linear PCM, rounded to nearest and packed without gaps; it has one bitrate, whatever is asked."""
    import numpy as np

    rate, channels, full = case.sample_rate, case.channels, 1 << (bits - 1)
    frame, shifts = rate // 50, np.arange(bits - 1, -1, -1)

    def pack(x):  # samples x channels x bits, two's complement, most significant first
        codes = np.clip(np.rint(x.T * np.float32(full)), -full, full - 1).astype(np.int32)
        return np.packbits((codes[..., None] >> shifts & 1).astype(np.uint8)).tobytes()

    def unpack(packet):
        whole = 8 * len(packet) // (bits * channels) * bits * channels
        codes = np.unpackbits(np.frombuffer(packet, np.uint8))[:whole].reshape(-1, channels, bits) @ (1 << shifts)
        return ((codes + full) % (2 * full) - full).T.astype(np.float32) / np.float32(full)

    encode = lambda x: [pack(part) for part in np.split(x, range(frame, x.shape[1], frame), axis=1)]
    decode = lambda packets: np.concatenate([unpack(packet) for packet in packets], axis=1)
    stream = lambda: lambda x: unpack(pack(x))
    more = {"stream": stream, "lossless": bits == 16, "channels": 8}
    return Codec(rate, encode, decode, bits * rate * channels, frame, frame, **more)
