from bench import impl


@impl("load", name="dataloader:librosa", requires=("torch", "librosa"), extra="dsp")
def dataloader_librosa(case):
    """The way of many tutorials: torch's DataLoader over ``librosa.load`` of whole files, which are then cropped."""
    import librosa

    from impls.load._torch import loader

    def read(path, start, frames):
        return librosa.load(path, sr=None)[0][start : start + frames]

    return {"epoch": lambda job: loader(job, read)}
