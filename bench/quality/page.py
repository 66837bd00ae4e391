"""docs/quality.md from the code: ``python -m bench.quality.page > docs/quality.md``."""

from __future__ import annotations

import math

from bench.quality import align, core, summary
from bench.quality.core import Metric
from bench.quality.scoring import metrics


def page() -> str:
    """Every metric of the registry, and the rules that hold for all of them."""
    return f"""# Quality metrics

Written by `python -m bench.quality.page > docs/quality.md`; the code is where a metric is documented.

```python
from bench.quality import available, score

found = score(reference, degraded, 16000, ["pesq_wb", "stoi", "si_sdr"], raw=unaligned)
found.values  # {{"pesq_wb": 3.1, "stoi": 0.95, "stoi_raw": 0.61, "si_sdr": 12.5, "si_sdr_raw": -31.0}}
found.failures  # {{"pesq_wb": "PESQ detects no utterance in the reference"}}: why there is no figure
found.flags  # ("degraded clipped",)
available()  # {{"pesq_wb": "needs pesq: pip install 'audio-bench[quality]'", "snr": "", ...}}
```

`bench score REFERENCE DEGRADED` does the same with two files.

## Metrics

{_table()}

"At" is the rate at which a metric is computed; signals at another rate, from "from" on, are resampled to it by soxr
VHQ, both alike. "Shortest" is in seconds. Metrics marked "raw" are also scored before alignment, as `NAME_raw`.

## What each one measures, and where it is defined

{_details()}

## Failures and flags

A metric that has no answer is counted as a failure with its reason. Nothing stands in for it, neither 0 nor 1, and it
takes no part in a mean. Failures are: a silent signal (no sample above 2^-16 of full scale, half a step of 16-bit
PCM), a signal shorter than the metric's shortest, a rate below its lowest, NaN or Inf, a library that is not
installed, and what the libraries refuse:

- PESQ's three errors: no utterance in the reference, shorter than a quarter of a second, nothing to compare in the
  degraded signal. A reference that may hold more than 50 utterances is refused too: the ITU's program writes past the
  end of its arrays from there on.
- pystoi answers 0.0 or 1e-5, without a word, where nothing is left to compare; that becomes a failure.
- SNR and SI-SDR of a signal against itself are infinite: a failure that says "identical to the reference".

Clipping is a flag, not a failure: the metrics are defined on a clipped signal, and leaving such files out would favour
codecs that clip. A signal is flagged when three neighbouring samples stand at or beyond full scale
({core.FULL_SCALE:.5f}).

## Agreement with published values

PESQ (WB 1.08323, NB 1.60721 on the recordings of its README; 4.64389 and 4.54864 against itself) and STOI (0.67392 on
the same) agree to six digits. ViSQOL's port agrees with Google's program to 1e-4 on a signal against itself in both
modes; on Google's transcoded voice it differs by 0.0024 in speech mode, as its documentation says, and by 0.0031 in
audio mode. Google's test scores that voice at 48 kHz in speech mode; here speech is resampled to 16 kHz first, which
gives 3.301 in place of 3.315. The multi-scale mel distance equals that of audiotools to 1e-9.

## Alignment

A codec's delay is fixed: it is estimated on several files, and their median is taken out of all of them before any
metric is computed (`bench.quality.align.calibrate`). A positive delay says that the degraded signal is late.

- By waveform: the peak of the normalised cross-correlation, up to {align.LONGEST:g} s either way. Files on which it
  is below {align.TRUSTED:g} take no part.
- By envelope, where that is most of the files, as with parametric codecs: the levels of {align.BANDS} mel bands, every
  {1000 * align.STEP:g} ms, are correlated instead.
- By impulse, where the codec passes one: the largest sample of its response.

The result carries its spread over files; `stable` is false when half of the estimates do not lie within
{1000 * align.STEADY:g} ms of each other. The aligned signal is cut or padded with zeros to the reference's length.

`bench score` has one pair only: it aligns by the waveform, and not at all where the correlation is below
{align.TRUSTED:g}.

## Means and intervals

The mean is over the files on which a metric could be computed; how many they are, and the reasons of the others, stand
beside it. The 95% interval is a percentile bootstrap ({summary.RESAMPLES} resamples): speakers are drawn with
replacement, then files within each speaker (Davison & Hinkley, *Bootstrap Methods and their Application*, 1997, section
3.8; Bisani & Ney, ICASSP 2004). A file without a speaker stands for itself. The percentiles are moved outwards where
speakers are few (Hesterberg, The American Statistician 69(4), 2015); with fewer than {summary.FEW_SPEAKERS} speakers
the interval is little more than the range of the data.
"""


HEAD = ("metric", "unit", "range", "better", "against itself", "at", "from", "shortest", "raw", "needs")


def _table() -> str:
    rows = [HEAD, (":--",) * len(HEAD), *(_row(metric) for metric in metrics().values())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(metric: Metric) -> tuple[str, ...]:
    return (
        f"`{metric.name}`",
        metric.unit,
        f"{_number(metric.range[0])} ... {_number(metric.range[1])}",
        metric.better,
        _number(metric.identity),
        ", ".join(f"{rate / 1000:g} kHz" for rate in metric.rates) or "any rate",
        f"{metric.lowest_rate / 1000:g} kHz",
        f"{metric.shortest:g}" if metric.shortest else "",
        "raw" if metric.raw else "",
        ", ".join(dict.fromkeys(f"`{module.partition('.')[0]}`" for module in metric.requires)),
    )


def _details() -> str:
    return "\n".join(f"- `{m.name}`: {m.title}.\n  {m.source}." for m in metrics().values())


def _number(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else "-∞" if value < 0 else "∞"


if __name__ == "__main__":
    print(page(), end="")
