from bench import impl


@impl("load", requires="soundfile")
def soundfile(case):
    """libsndfile; an epoch is a plain loop, on ``workers`` threads where there are any."""
    import soundfile as sf

    from impls.load._items import loop

    def read(path, start, frames):
        return sf.read(path, -1 if frames is None else frames, start, dtype="float32")[0]

    return {"decode": read, "epoch": lambda job: loop(job, read)}
