"""The spectrogram and the way back: against librosa and torchaudio, on a tone, and in pieces."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
librosa = pytest.importorskip("librosa")

from bench.signals import speech  # noqa: E402
from impls.nets.griffin_lim import MEAN, STD, LogMel, griffin_lim  # noqa: E402

MEL = LogMel()
NOTHING = torch.zeros(1, 0)


def voice(seconds: float) -> torch.Tensor:
    return torch.from_numpy(speech(round(16000 * seconds), 16000, 3).astype(np.float32))[None]


def test_the_spectrogram_is_librosas() -> None:
    audio = voice(1.0)
    theirs = librosa.feature.melspectrogram(
        y=audio[0].numpy(), sr=16000, n_fft=1024, hop_length=160, n_mels=128, power=1.0, pad_mode="constant"
    )
    ours = STD * MEL(audio, 0, 100) + MEAN
    assert np.allclose(np.exp(ours[0].numpy()), np.maximum(theirs[:, :100], 1e-5), rtol=1e-3, atol=1e-6)


def test_pieces_of_the_spectrogram_are_the_whole() -> None:
    audio = voice(1.03)
    whole = MEL(audio, 0, 112)  # goes on beyond the end, in silence
    parts = [MEL(audio, first, 16) for first in range(0, 112, 16)]
    assert torch.equal(torch.cat(parts, -1), whole)
    assert torch.isclose(STD * whole[..., -1] + MEAN, torch.log(torch.tensor(1e-5))).all()


@pytest.mark.parametrize("momentum", [0.0, 0.99])
def test_griffin_lim_is_torchaudios(momentum: float) -> None:
    """From phases of 0, without known audio: theirs ends at the last frame's centre, and pads by reflection."""
    try:
        import torchaudio
    except (ImportError, OSError) as error:
        pytest.skip(f"torchaudio cannot be loaded here: {error}")
    magnitude = torch.stft(voice(1.0), 1024, 160, window=MEL.window, return_complex=True, pad_mode="constant").abs()
    ours = griffin_lim(magnitude, MEL.window, 160, 4, NOTHING, momentum, seed=None)
    theirs = torchaudio.functional.griffinlim(
        magnitude, MEL.window, 1024, 160, 1024, 1.0, 4, momentum, 16000, rand_init=False
    )
    middle = slice(4096, -4096)  # the edges are padded otherwise, and reach further in with every iteration
    error = (ours[:, :16000] - theirs)[:, middle].square().mean() / theirs[:, middle].square().mean()
    assert 10 * torch.log10(error) < -35


def test_griffin_lim_comes_as_near_as_librosas() -> None:
    """Spectral convergence of a voice, 32 fast iterations from random phases; each draws its own."""
    magnitude = torch.stft(voice(1.0), 1024, 160, window=MEL.window, return_complex=True, pad_mode="constant").abs()
    ours = griffin_lim(magnitude[..., :-1], MEL.window, 160, 32, NOTHING)[0].numpy()
    theirs = librosa.griffinlim(magnitude[0].numpy(), n_iter=32, hop_length=160, n_fft=1024, random_state=0)

    def off(audio: np.ndarray) -> float:
        other = np.abs(librosa.stft(audio, n_fft=1024, hop_length=160))[:, :100]
        truth = magnitude[0, :, :100].numpy()
        return float(np.linalg.norm(other - truth) / np.linalg.norm(truth))

    assert off(ours) < 1.2 * off(theirs)
    assert off(ours) < 0.2


def test_a_tone_comes_back_as_that_tone() -> None:
    """1 kHz through 128 mels and 32 iterations: its frequency, its level, and little else."""
    tone = 0.3 * torch.sin(2 * torch.pi * 1000 * torch.arange(16000) / 16000)[None]
    audio, _ = MEL.vocode(MEL(tone, 0, 100), None, last=True)
    assert audio.shape == (1, 16000)
    middle = audio[0, 2000:14000].numpy()
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) ** 2
    hz = np.fft.rfftfreq(len(middle), 1 / 16000)
    assert abs(hz[spectrum.argmax()] - 1000) < 10
    assert spectrum[np.abs(hz - 1000) < 60].sum() > 0.95 * spectrum.sum()
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.3, rel=0.15)


def in_pieces(mel: torch.Tensor, frames: int) -> torch.Tensor:
    before, parts = None, []
    for first in range(0, mel.shape[2], frames):
        audio, before = MEL.vocode(mel[..., first : first + frames], before, first + frames >= mel.shape[2])
        parts.append(audio)
    return torch.cat(parts, 1)


def test_pieces_of_audio_have_no_seams() -> None:
    """The spectrogram of what comes out is as near around the joints as elsewhere, and as that of one piece."""
    mel = MEL(voice(1.3), 0, 128)
    whole, pieces = in_pieces(mel, 128), in_pieces(mel, 64)
    assert pieces.shape == whole.shape == (1, 128 * 160)

    def off(audio: torch.Tensor, frames: list[int]) -> float:
        found, truth = (torch.exp(STD * m[..., frames] + MEAN) for m in (MEL(audio, 0, 128), mel))
        return float((found - truth).norm() / truth.norm())

    joints = [at + n for at in (52, 64) for n in range(-6, 6)]
    assert off(pieces, joints) < 1.25 * off(whole, joints) + 0.02
    naive = torch.cat([MEL.vocode(mel[..., a : a + 64], None, True)[0] for a in (0, 64)], 1)
    assert off(naive, joints) > 1.5 * off(pieces, joints)  # each piece on its own: what this test is able to see


def test_what_is_known_stays() -> None:
    mel = MEL(voice(1.0), 0, 96)
    first, left = MEL.vocode(mel[..., :48], None, last=False)
    assert first.shape[1] == (48 - MEL.overlap) * 160
    again = griffin_lim(torch.cat([left.magnitude, MEL.magnitude(mel[..., 48:])], 2), MEL.window, 160, 32, left.audio)
    assert torch.equal(again[:, : left.audio.shape[1]], first[:, -left.audio.shape[1] :])


def test_a_batch_is_its_sounds() -> None:
    """Few iterations: what rounding differs by grows with each."""
    mel = torch.cat([MEL(voice(1.0), first, 24) for first in (20, 50)])
    batch = MEL.vocode(mel, None, True, n_iter=2)[0]
    assert torch.allclose(batch[:1], MEL.vocode(mel[:1], None, True, n_iter=2)[0], atol=1e-4)
    assert torch.allclose(batch[1:], MEL.vocode(mel[1:], None, True, n_iter=2)[0], atol=1e-4)
