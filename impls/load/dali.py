from bench import Unsupported, impl


@impl("load", requires="nvidia.dali", extra="dali", devices=("cpu", "cuda"))
def dali(case):
    """``io.file.read``, or ``readers.file`` for epochs, which reads ahead; ``decoders.audio`` (whole files), ``slice``.

    On a GPU, the log-mel is made there.
    """
    from impls.load import _dali

    if case.format in ("mp3", "opus"):
        raise Unsupported("DALI decodes WAV, FLAC and Vorbis; its libsndfile is built without MP3 and Opus")
    made = {}

    def read(path, start, frames):
        if path not in made:
            made[path] = _dali.one_file(case, path, start, frames)
        return made[path].run()[0].as_array()[0]

    return {"decode": read, "epoch": lambda job: _dali.epochs(job)}
