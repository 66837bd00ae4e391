"""Where Whisper's weights in the format of CTranslate2 are; importing this proves that the user has named some."""

from pathlib import Path

from impls.asr._models import location

PLACE = location("BENCH_FASTER_WHISPER", "Systran/faster-whisper-base.en")
if Path(PLACE).is_dir():  # without its tokenizer, the library would fetch one from the network
    for name in ("model.bin", "tokenizer.json"):
        if not (Path(PLACE) / name).exists():
            raise ImportError(f"{PLACE} has no {name}; make the folder with ct2-transformers-converter --copy_files")
