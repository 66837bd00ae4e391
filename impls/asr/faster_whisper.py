from bench import Unsupported, impl


@impl("asr", requires=("impls.asr._faster_whisper", "faster_whisper"), extra="quality,whisper")
def faster_whisper(case):
    """Whisper through CTranslate2 in float32: greedy, English; weights from $BENCH_FASTER_WHISPER."""
    from faster_whisper import WhisperModel

    from impls.asr._faster_whisper import PLACE
    from impls.asr._models import identity

    where = {"device": "cpu", "cpu_threads": case.threads, "compute_type": "float32", "local_files_only": True}
    try:
        model = WhisperModel(PLACE, **where)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unsupported(f"{PLACE} cannot be loaded ({str(error)[:160]}); try 'hf download {PLACE}'") from None
    # one try, no sampling, and nothing of a window is told to the next
    greedy = {"language": "en", "beam_size": 1, "temperature": 0, "condition_on_previous_text": False}

    def transcribe(samples):
        return "".join(segment.text for segment in model.transcribe(samples, **greedy)[0]).strip()

    transcribe.model = identity(PLACE)
    return transcribe
