"""Parts of a file through PyAV: seek to a little before, decode, and cut by the frames' time stamps."""

import av
import numpy as np

PREROLL = 0.5  # s: a lossy decoder needs what came before


def read(path, start, frames, rate):
    """float32 (samples,) at ``rate``; ``frames`` None: to the end."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        if start:
            container.seek(max(0, int((start / rate - PREROLL) / stream.time_base)), stream=stream)
        resampler = av.AudioResampler("fltp", "mono", rate)
        pieces, first, have = [], None, 0
        for frame in container.decode(stream):
            if first is None:
                first = round(float((frame.pts or 0) * frame.time_base) * rate)
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            have = first + sum(map(len, pieces))
            if frames is not None and have >= start + frames + 64:
                break
        else:
            pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
    whole, skip = np.concatenate(pieces), start - (first or 0) if start else 0
    return whole[skip : None if frames is None else skip + frames]
