from bench import impl


@impl("load", requires=("datasets", "torch", "soundfile"), extra="loading", variants={"": {}, "audio": {"audio": True}})
def datasets(case, audio=False):
    """Hugging Face datasets: the files as bytes in mapped Arrow tables, under torch's DataLoader.

    Crops are read by soundfile; ``audio``: by the feature ``Audio``, which decodes whole files by torchcodec.
    """
    from impls.load._datasets import epochs

    return {"epoch": lambda job: epochs(job, audio)}
