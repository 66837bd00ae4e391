from bench import impl


@impl("load", requires="av", extra="codecs")
def av(case):
    """FFmpeg through PyAV."""
    from impls.load import _av

    return {"decode": lambda path, start, frames: _av.read(path, start, frames, case.sample_rate)}
