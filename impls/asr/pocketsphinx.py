from bench import impl


@impl("asr", requires="pocketsphinx", extra="quality")
def pocketsphinx(case):
    """The US English model of the wheel, with its language model or the grammar that the corpus declares."""
    import numpy as np

    from impls.asr._pocketsphinx import decoder
    from suites.asr import RATE, grammar

    ears = decoder(RATE, grammar(case))

    def transcribe(samples):
        ears.reinit_feat()  # what it knows of earlier clips' cepstra would make a text depend on the order of the files
        ears.start_utt()
        ears.process_raw(np.rint(samples.clip(-1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
        ears.end_utt()
        heard = ears.hyp()
        return heard.hypstr if heard else ""

    return transcribe
