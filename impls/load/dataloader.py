from bench import Unsupported, impl


@impl("load", requires=("torch", "soundfile"), extra="torch", variants={"": {}, "pinned": {"pinned": True}})
def dataloader(case, pinned=False):
    """torch's DataLoader, whose workers read each crop by soundfile; ``pinned``: into page-locked memory."""
    import soundfile as sf
    import torch

    from impls.load._torch import loader

    if pinned and not torch.cuda.is_available():
        raise Unsupported("pinned memory is for copies to a GPU, and torch sees none here")

    def read(path, start, frames):
        return sf.read(path, frames, start, dtype="float32")[0]

    return {"epoch": lambda job: loader(job, read, pinned)}
