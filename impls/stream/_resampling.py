"""What the resamplers share: to 48 kHz, or from 48 to 16 kHz."""

from fractions import Fraction

from bench import Stream


def rates(case):
    """Source and target in Hz."""
    return case.sample_rate, 16000 if case.sample_rate == 48000 else 48000


def resampling(case, opened, whole, **more):
    """A stream of one channel between the two rates."""
    source, target = rates(case)
    return Stream(source, opened, whole, step=Fraction(source, target), **more)
