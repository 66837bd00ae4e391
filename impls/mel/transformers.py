from bench import Op, Unsupported, impl


@impl("mel", requires=("transformers", "torch"), extra="dsp,torch", variants={"torch": {}})
@impl("mel", requires="transformers", extra="dsp", variants={"numpy": {"plain": True}})
def transformers(case, plain=False):
    """``WhisperFeatureExtractor``: as called where torch is installed, and the path it takes where it is not."""
    from transformers import WhisperFeatureExtractor

    from suites.mel import PRESETS

    if not case.preset.startswith("whisper"):
        raise Unsupported("WhisperFeatureExtractor computes Whisper's log-mel only")
    extractor = WhisperFeatureExtractor(PRESETS[case.preset].n_mels)

    def call(x):
        made = extractor(x, sampling_rate=16000, padding="longest", truncation=False, return_tensors="np")
        return made["input_features"]

    run = (lambda x: extractor._np_extract_fbank_features(x, "cpu")) if plain else call
    return {"log_mel": Op(run, finish=lambda y: y.swapaxes(1, 2))}
