"""Parts of a file through PyAV: seek to a little before, decode, and cut by the frames' time stamps."""

import av
import numpy as np

PREROLL = 0.5  # s: a lossy decoder needs what came before


def read(path, start, frames, rate):
    """float32 (samples,) at ``rate``; ``frames`` None: to the end."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        begin = stream.start_time or 0  # of an MP3: after what its encoder put before
        if start > PREROLL * rate:  # nearer the start, a seek would lose what the encoder put before
            container.seek(begin + int((start / rate - PREROLL) / stream.time_base), stream=stream)
        resampler = av.AudioResampler("fltp", "mono", rate)
        pieces, first, have = [], None, 0
        for frame in container.decode(stream):
            if first is None:
                first = have = round(float(((frame.pts or begin) - begin) * stream.time_base) * rate)
            new = [part.to_ndarray()[0] for part in resampler.resample(frame)]
            pieces += new
            have += sum(map(len, new))
            if frames is not None and have >= start + frames:
                break
        else:
            pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
    skip = start - (first or 0)
    return np.concatenate(pieces)[skip : None if frames is None else skip + frames]
