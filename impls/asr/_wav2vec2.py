"""Where the weights of wav2vec 2.0 are; importing this proves that the user has named some."""

from impls.asr._models import location

PLACE = location("BENCH_WAV2VEC2", "facebook/wav2vec2-base-960h")
