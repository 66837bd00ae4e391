from bench import Unsupported, impl


@impl("stft", requires="nvidia.dali", extra="dali")
def dali(case):
    raise Unsupported("DALI's spectrogram returns magnitudes only, no phase; the suite mel measures it")
