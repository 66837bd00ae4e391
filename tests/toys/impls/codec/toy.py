"""Codecs whose every figure is known, and codecs that fail on one clip: the one that lasts 0.7 s."""

import os
import signal
import time

import numpy as np

from bench import Codec, impl

FAULTS = ("raises", "dies", "hangs", "hoards", "nan", "wide")
RATE, FRAME, LAG, BAD = 16000, 160, 40, 11200


@impl("codec", requires="numpy", variants={"": {}, **{fault: {"fault": fault} for fault in FAULTS}})
def toy(case, fault=""):
    """8 bits a sample after a byte of header a packet; 40 samples late."""

    def pack(x):
        return b"\0" + np.clip(np.rint(x[0] * 128), -128, 127).astype(np.int8).tobytes()

    def unpack(packet):
        return np.frombuffer(packet[1:], np.int8)[None].astype(np.float32) / 128

    def encode(x):
        if fault and x.shape[1] == BAD:
            fail(fault)
        whole = np.pad(x, ((0, 0), (LAG, -(LAG + x.shape[1]) % FRAME)))
        return [pack(part) for part in np.split(whole, range(FRAME, whole.shape[1], FRAME), axis=1)]

    def decode(packets):
        out = np.concatenate([unpack(p) for p in packets], axis=1)
        if BAD <= out.shape[1] < BAD + 2 * FRAME and fault in ("nan", "wide"):
            return out * np.nan if fault == "nan" else np.concatenate([out, out])
        return out

    def stream():
        late = np.zeros((1, LAG), np.float32)

        def feed(frame):
            nonlocal late
            both = np.concatenate([late, frame], axis=1)
            late = both[:, FRAME:]
            return unpack(pack(both[:, :FRAME]))

        return feed

    def payload(packets):
        return sum(8 * (len(p) - 1) for p in packets)

    def container(packets):
        return sum(8 * len(p) for p in packets)

    return Codec(RATE, encode, decode, 8 * RATE, FRAME + LAG, FRAME, payload, container, stream, model_bytes=7)


def fail(fault):
    if fault == "raises":
        raise ValueError("no such luck")
    if fault == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "hangs":
        time.sleep(3600)
    if fault == "hoards":
        hoard = np.ones(100_000_000)  # 0.8 GB
        time.sleep(60)
        del hoard


@impl("codec", requires="numpy")
def toy_held(case):
    """Holds three frames back in a stream; gives them at once otherwise."""

    def stream():
        held = []

        def feed(frame):
            held.append(frame)
            return held.pop(0) if len(held) > 3 else np.zeros((1, 0), np.float32)

        return feed

    return Codec(RATE, lambda x: [x.tobytes()], lambda p: np.frombuffer(p[0], "f4")[None], 32 * RATE, 0, FRAME,
                 stream=stream)  # fmt: skip


@impl("codec", requires="numpy", variants={name: {"name": name} for name in ("silent", "changes", "short", "corrupt")})
def toy_wrong(case, name):
    def decode(packets):
        x = np.frombuffer(packets[0], "f4").reshape(case.channels, -1).copy()
        if name == "silent":
            return 0 * x
        if name == "short":
            return x[:, : x.shape[1] // 2]
        if name == "corrupt":
            raise ValueError("packet 0 is damaged")
        x[0, 100] += np.float32(2**-15)
        return x

    return Codec(case.sample_rate, lambda x: [x.tobytes()], decode, 32 * RATE, lossless=True, channels=2)
