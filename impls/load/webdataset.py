from bench import impl


@impl("load", requires=("webdataset", "torch", "soundfile"), extra="loading")
def webdataset(case):
    """Tar shards of the files, read in order; shards are shuffled, and items through a buffer of 1000."""
    from impls.load._webdataset import epochs

    return {"epoch": epochs}
