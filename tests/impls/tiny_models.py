"""Models of a few thousand random weights, in the files that real ones come in: they hear nonsense, in text."""

import json
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def whisper(folder: Path) -> Path:
    """English-only Whisper of width 16 whose vocabulary is the 256 bytes and Whisper's marks; it says letters."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizer,
    )
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    times = [f"<|{0.02 * step:.2f}|>" for step in range(1501)]
    tasks = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
    marks = ["<|endoftext|>", "<|startoftranscript|>", *tasks, "<|notimestamps|>", *times]
    others = [character for character in bytes_to_unicode().values() if character not in LETTERS]
    vocabulary = {token: number for number, token in enumerate([*LETTERS, *others, *marks])}
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    end, start, untimed = (vocabulary[mark] for mark in (*marks[:2], "<|notimestamps|>"))
    size = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ids = {"pad_token_id": end, "bos_token_id": end, "eos_token_id": end, "decoder_start_token_id": start}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(vocab_size=len(vocabulary), **size, **heads, **ids, suppress_tokens=[], begin_suppress_tokens=[])
    )
    with torch.no_grad():
        model.model.decoder.embed_tokens.weight[len(LETTERS) :] = 0  # random weights would say nothing but marks
    model.generation_config = GenerationConfig(
        **ids, max_length=20, is_multilingual=False, no_timestamps_token_id=untimed, suppress_tokens=[start],
        begin_suppress_tokens=[end],
    )  # fmt: skip
    model.save_pretrained(folder)
    tokenizer = WhisperTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), additional_special_tokens=marks[1:]
    )
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    return folder


def faster_whisper(folder: Path) -> Path:
    """The same Whisper in the format of CTranslate2."""
    from ctranslate2.converters import TransformersConverter

    original = whisper(folder.with_name("unconverted"))
    TransformersConverter(str(original), copy_files=["tokenizer.json"]).convert(str(folder))
    return folder


def wav2vec2(folder: Path) -> Path:
    """wav2vec 2.0 of width 16 whose CTC head has the letters."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir(parents=True)
    symbols = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS.upper()]
    (folder / "vocab.json").write_text(json.dumps({symbol: number for number, symbol in enumerate(symbols)}))
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    positions = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    model = Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(symbols), conv_dim=(16,) * 7, **size, **positions))
    with torch.no_grad():
        model.lm_head.bias[1:4] = -100  # random weights would say <unk>
    model.save_pretrained(folder)
    Wav2Vec2Processor(
        Wav2Vec2FeatureExtractor(return_attention_mask=False), Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    ).save_pretrained(folder)
    return folder
