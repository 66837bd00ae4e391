from bench import impl


@impl("asr", requires=("impls.asr._whisper", "transformers", "torch"), extra="dsp,torch,quality")
def whisper(case):
    """Whisper through transformers: greedy, English, in windows of 30 s; weights from $BENCH_WHISPER."""
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor, pipeline

    from impls.asr._models import identity, loaded, weights
    from impls.asr._whisper import PLACE
    from suites.asr import RATE

    torch.set_num_threads(case.threads)
    model, ears = weights(WhisperForConditionalGeneration, PLACE), loaded(WhisperProcessor, PLACE)
    english = {"language": "en", "task": "transcribe"} if model.generation_config.is_multilingual else {}
    parts = {"tokenizer": ears.tokenizer, "feature_extractor": ears.feature_extractor}
    listen = pipeline("automatic-speech-recognition", model, **parts)

    def transcribe(samples):
        return listen(samples, return_timestamps=len(samples) > 30 * RATE, generate_kwargs=english)["text"].strip()

    transcribe.model = identity(PLACE)
    return transcribe
