"""Where the weights of Whisper are; importing this proves that the user has named some."""

from impls.asr._models import location

PLACE = location("BENCH_WHISPER", "openai/whisper-base.en")
