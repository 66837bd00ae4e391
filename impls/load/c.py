from bench import Unsupported, impl


@impl("load", requires="audiokern")
def c(case):
    """This project's own: WAV by mmap, a batch of crops in one call, on ``workers`` threads besides the caller's."""
    from audiokern.wav import Wav

    from impls.load._audiokern import epochs

    if case.format != "wav":
        raise Unsupported("audiokern reads WAV only")
    return {"decode": lambda path, start, frames: Wav(path).read(start, frames), "epoch": epochs}
