"""Quality metrics, one file each: ``score`` gives their figures for one pair of signals, ``available`` what can run.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> reference = rng.standard_normal(16000) / 8
>>> found = score(reference, reference + rng.standard_normal(16000) / 80, 16000, ["snr", "si_sdr"])
>>> {name: round(value) for name, value in found.values.items()}, found.failures
({'snr': 20, 'si_sdr': 20}, {})
"""

from bench.quality.core import Metric, MetricFailure, Unavailable, metric
from bench.quality.scoring import Scores, UnknownMetric, available, metrics, score

__all__ = [
    "Metric",
    "MetricFailure",
    "Scores",
    "Unavailable",
    "UnknownMetric",
    "available",
    "metric",
    "metrics",
    "score",
]
