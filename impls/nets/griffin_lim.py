"""Log-mel spectrogram and back: the front end of a spectrogram codec, and a vocoder that has nothing to learn.

The way back is the pseudo-inverse of the mel filters and the fast Griffin-Lim algorithm (Perraudin et al., WASPAA
2013; Griffin and Lim 1984). Long audio comes out in pieces, as in real-time spectrogram inversion (Beauregard et al.,
2005): what has been given out is known, and the phases of the next piece are sought so that it goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import torch
from torch import Tensor, nn
from torch.nn import functional as F

FLOOR = 1e-5  # magnitude below which the logarithm stops
MEAN, STD = -5.5, 2.5  # of log magnitudes of speech at -26 dBFS; they bring a spectrogram to about zero mean and one


@dataclass(frozen=True)
class Vocoded:
    """What a piece leaves to the next: magnitudes (B, bins, frames) of its end, and the audio (B, samples) of those.

    Only that audio which has come out already: the frames that were held back have none.
    """

    magnitude: Tensor
    audio: Tensor


class LogMel(nn.Module):
    """Audio float32 (B, samples) <-> log-mel spectrogram (B, n_mels, frames); frame n is centred at ``n hop_length``.

    Magnitudes of a periodic Hann window, Slaney's mel filters and norm, natural logarithm, minus MEAN over STD. Outside
    of the audio there is silence.
    """

    window: Tensor
    filters: Tensor
    inverse: Tensor

    def __init__(self, sample_rate: int = 16000, n_fft: int = 1024, hop_length: int = 160, n_mels: int = 128):
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        self.overlap = 2 * n_fft // hop_length  # frames that a piece holds back, and that the next one knows of before
        filters = torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels))
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.register_buffer("filters", filters, persistent=False)  # (n_mels, bins)
        self.register_buffer("inverse", torch.linalg.pinv(filters.double()).float(), persistent=False)

    def forward(self, audio: Tensor, first: int, frames: int) -> Tensor:
        """The spectrogram of frames ``first`` to ``first + frames`` of the whole audio."""
        begin = first * self.hop_length - self.n_fft // 2
        end = begin + (frames - 1) * self.hop_length + self.n_fft
        inside = audio[:, max(begin, 0) : max(end, 0)]
        inside = F.pad(inside, (max(-begin, 0), end - max(begin, 0) - inside.shape[1]))
        spectrum = torch.stft(
            inside, self.n_fft, self.hop_length, window=self.window, center=False, return_complex=True
        )
        return (torch.log((self.filters @ spectrum.abs()).clamp(min=FLOOR)) - MEAN) / STD

    def magnitude(self, mel: Tensor) -> Tensor:
        """(B, n_mels, frames) -> magnitudes (B, bins, frames), the least-squares answer without its negative part."""
        return (self.inverse @ torch.exp(STD * mel.float() + MEAN)).clamp(min=0)

    def vocode(self, mel: Tensor, before: Vocoded | None, last: bool, n_iter: int = 32) -> tuple[Tensor, Vocoded]:
        """One piece of a spectrogram, (B, n_mels, frames) -> audio (B, samples) that can come out, and what is left.

        ``before`` is what the piece before left, or None. The last piece holds nothing back, so that the pieces make
        ``hop_length`` samples for each frame together. All pieces but the last are longer than ``overlap``.
        """
        magnitude = self.magnitude(mel)
        known = magnitude[:, 0, :0]
        if before is not None:
            magnitude, known = torch.cat([before.magnitude, magnitude], 2), before.audio
        audio = griffin_lim(magnitude, self.window, self.hop_length, n_iter, known)
        done = magnitude.shape[2] - (0 if last else self.overlap)
        keep = max(0, done - self.overlap)
        left = Vocoded(magnitude[..., keep:], audio[:, keep * self.hop_length : done * self.hop_length])
        return audio[:, known.shape[1] : done * self.hop_length], left


def griffin_lim(
    magnitude: Tensor,
    window: Tensor,
    hop_length: int,
    n_iter: int,
    known: Tensor,
    momentum: float = 0.99,
    seed: int | None = 0,
) -> Tensor:
    """Magnitudes (B, bins, frames) -> audio (B, hop_length * frames) that begins with ``known`` and has such an STFT.

    Phases start at random from ``seed``, or at 0 without one; they are the same on every device and for each of B.
    """
    n_fft, momentum = len(window), momentum / (1 + momentum)
    length, settings = hop_length * magnitude.shape[2], {"n_fft": n_fft, "hop_length": hop_length, "window": window}
    phases = torch.zeros(magnitude.shape[1:])
    if seed is not None:
        phases = 2 * torch.pi * torch.rand(phases.shape, generator=torch.Generator().manual_seed(seed))
    angles, before = torch.polar(torch.ones_like(phases), phases).to(magnitude.device), None

    def audio_of(angles: Tensor) -> Tensor:
        return torch.cat([known, torch.istft(magnitude * angles, length=length, **settings)[:, known.shape[1] :]], 1)

    for _ in range(n_iter):
        rebuilt = torch.stft(audio_of(angles), pad_mode="constant", return_complex=True, **settings)[..., :-1]
        angles = rebuilt if before is None else rebuilt - momentum * before
        angles, before = angles / angles.abs().clamp(min=1e-16), rebuilt
    return audio_of(angles)
