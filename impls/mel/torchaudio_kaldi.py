from bench import Op, impl


@impl("mel", name="torchaudio:kaldi", requires="torchaudio", extra="torch")
def torchaudio_kaldi(case):
    """One row a call: ``compliance.kaldi`` takes no batch."""
    import torch
    from torchaudio.compliance.kaldi import fbank, mfcc

    from suites.mel import PRESETS

    if case.preset != "kaldi":
        return {}  # torchaudio
    bands = {"num_mel_bins": PRESETS["kaldi"].n_mels}

    def each(function):
        return Op(lambda x: torch.stack([function(r[None], **bands) for r in x]), torch.from_numpy, lambda y: y.numpy())

    return {"fbank": each(fbank), "mfcc": each(mfcc)}
