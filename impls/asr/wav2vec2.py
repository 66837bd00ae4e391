from bench import impl


@impl("asr", requires=("impls.asr._wav2vec2", "torchaudio", "transformers", "torch"), extra="dsp,torch,quality")
def wav2vec2(case):
    """wav2vec 2.0 with a CTC head, run by torchaudio: the likeliest symbol of each frame; $BENCH_WAV2VEC2."""
    import torch
    from torchaudio.models.wav2vec2.utils import import_huggingface_model
    from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor

    from impls.asr._models import identity, loaded, weights
    from impls.asr._wav2vec2 import PLACE
    from suites.asr import RATE

    torch.set_num_threads(case.threads)
    model, ears = import_huggingface_model(weights(Wav2Vec2ForCTC, PLACE)).eval(), loaded(Wav2Vec2Processor, PLACE)

    @torch.inference_mode()
    def transcribe(samples):
        logits, _ = model(ears(samples, sampling_rate=RATE, return_tensors="pt").input_values)
        return ears.batch_decode(logits.argmax(-1))[0].lower()

    transcribe.model = identity(PLACE)
    return transcribe
