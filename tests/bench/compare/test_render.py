"""What a pull request, a CI server and a terminal are shown, letter by letter."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from xml.etree import ElementTree

from bench.compare import render
from bench.compare.plain import plain
from bench.compare.verdicts import Comparison, Verdict

ROW = {"suite": "stft", "label": "n_fft=512", "op": "forward", "device": "cpu", "threads": 1}
FIGURES = {"unit": "ms", "threshold": 0.01, "chance": 1e-6, "processes": (9, 9)}
FOUND = Comparison(
    "main",
    "pr",
    True,
    [
        Verdict(
            **ROW,
            impl="numpy",
            metric="time",
            verdict="slower",
            base=5.0,
            new=5.2,
            change=0.04,
            low=0.03,
            high=0.05,
            **FIGURES,
        ),
        Verdict(**ROW, impl="odd", metric="", verdict="wrong", reason="wrong: a | b < c"),
        Verdict(
            **ROW,
            impl="scipy",
            metric="time",
            verdict="inconclusive",
            base=4.0,
            new=4.04,
            change=0.01,
            low=-0.02,
            high=0.04,
            more_processes=7,
            reason="about 7 more processes of each side would tell",
            **FIGURES,
        ),
        Verdict(
            **ROW,
            impl="c",
            metric="time",
            verdict="same",
            base=1.0,
            new=1.0,
            change=0.0,
            low=-0.002,
            high=0.002,
            **FIGURES,
        ),
    ],
    ["a note"],
)

MARKDOWN = """\
### bench compare: 1 slower, 1 wrong, 1 inconclusive, 1 same

`main` → `pr`, measured in turn.

| | row | metric | base | new | change [95%] | threshold | note |
|---|---|---|--:|--:|--:|--:|---|
| 🔴 slower | stft numpy forward n\\_fft=512 | time | 5.00 ms | 5.20 ms | +4.0% [+3.0, +5.0] | 1% |  |
| ❌ wrong | stft odd forward n\\_fft=512 |  |  |  |  |  | wrong: a \\| b &lt; c |
| 🟡 inconclusive | stft scipy forward n\\_fft=512 | time | 4.00 ms | 4.04 ms | +1.0% [-2.0, +4.0] | 1% | about 7 more \
processes of each side would tell |

<details><summary>1 more: same or new</summary>

| | row | metric | base | new | change [95%] | threshold | note |
|---|---|---|--:|--:|--:|--:|---|
| ⚪ same | stft c forward n\\_fft=512 | time | 1.00 ms | 1.00 ms | +0.0% [-0.2, +0.2] | 1% |  |

</details>

> a note
"""

JUNIT = """\
<?xml version='1.0' encoding='utf-8'?>
<testsuites name="bench compare">
  <testsuite name="stft" tests="4" failures="2" errors="1" skipped="0">
    <testcase classname="stft.numpy" name="forward n_fft=512 time">
      <failure message="slower: 5.00 ms to 5.20 ms, +4.0% [+3.0, +5.0], threshold 1%">slower: 5.00 ms to 5.20 ms, \
+4.0% [+3.0, +5.0], threshold 1%</failure>
    </testcase>
    <testcase classname="stft.odd" name="forward n_fft=512">
      <error message="wrong: wrong: a | b &lt; c">wrong: wrong: a | b &lt; c</error>
    </testcase>
"""


def test_markdown():
    text = render.markdown(FOUND)
    assert text.startswith(MARKDOWN)
    assert text.splitlines()[-1].startswith("<sub>**slower**: certain to have changed for the worse")


def test_junit():
    text = render.junit(FOUND)
    assert text.startswith(JUNIT)
    cases = {c.get("classname"): c for c in ElementTree.fromstring(text).iter("testcase")}
    assert cases["stft.scipy"].find("failure") is not None, "inconclusive fails unless it is let pass"
    assert cases["stft.c"].find("failure") is None and "same" in cases["stft.c"].findtext("system-out", "")
    passing = render.junit(Comparison("a", "b", True, FOUND.verdicts, [], "pass"))
    assert '<skipped message="inconclusive' in passing


def test_json_holds_every_figure():
    found = json.loads(render.as_json(FOUND))
    assert found["exit_code"] == 4 and found["interleaved"] and len(found["verdicts"]) == 4
    assert found["verdicts"][0] | {"change": 0.04, "low": 0.03} == found["verdicts"][0]


def test_an_infinite_end_is_shown_as_one_and_kept_as_none():
    wide = Verdict(
        **ROW,
        impl="x",
        metric="time",
        verdict="inconclusive",
        base=1.0,
        new=1.0,
        change=0.0,
        low=-1.0,
        high=math.inf,
        **FIGURES,
    )
    assert "+0.0% [-100.0, ∞]" in plain(Comparison("a", "b", True, [wide], []))
    assert json.loads(render.as_json(Comparison("a", "b", True, [wide], [])))["verdicts"][0]["high"] is None
    deep = replace(wide, low=-math.inf)  # as of scores of a single speaker
    assert "+0.0% [-∞, ∞]" in plain(Comparison("a", "b", True, [deep], []))


def test_a_large_change_is_shown_as_it_is():
    much = replace(FOUND.verdicts[0], change=99.0, low=99.0, high=99.0)
    assert render.change(much) == "+9900% [+9900, +9900]"
    assert render.change(replace(much, high=1e8)) == "+9900% [+9900, +1.0e+10]"


def test_names_and_reasons_are_text_and_nothing_else():
    """No markup in a comment, no control character in a terminal or in XML, which knows none."""
    reason = "<b>\x1b[31m@team\x00 `x` | y\nz"
    found = Comparison("a", "b", False, [replace(FOUND.verdicts[1], impl="o|<i>", reason=reason)], ["*note*"])
    page = render.markdown(found)
    assert r"| stft o\|&lt;i&gt; forward n\_fft=512 |" in page and r"> \*note\*" in page
    assert "<b>" not in page and "@team" not in page and r"\`x\` \| y z |" in page
    error = ElementTree.fromstring(render.junit(found)).find(".//error")
    assert error is not None and "<b>\ufffd[31m@team\ufffd `x` | y" in (error.text or "")
    for shown in (page, plain(found), render.junit(found)):
        assert "\x1b" not in shown and "\x00" not in shown


PLAIN = """\
                implementation  metric     base      new        change [95%]  more
stft forward, n_fft=512
  slower        numpy           time    5.00 ms  5.20 ms  +4.0% [+3.0, +5.0]
  wrong         odd
    wrong: a | b < c
  inconclusive  scipy           time    4.00 ms  4.04 ms  +1.0% [-2.0, +4.0]     7
  same          c               time    1.00 ms  1.00 ms  +0.0% [-0.2, +0.2]

a note
main -> pr: 1 slower, 1 wrong, 1 inconclusive, 1 same"""


def test_plain_text_has_what_needs_eyes_first_and_ends_in_the_counts():
    assert plain(FOUND) == PLAIN
    hopeless = replace(FOUND.verdicts[2], more_processes=None)
    assert plain(replace(FOUND, verdicts=[hopeless])).splitlines()[2].endswith("+4.0]     -"), "not 0 more"


def test_plain_text_fits_a_hundred_columns():
    place = ROW | {"label": "n_fft=1024 hop_length=256 center=off sample_rate=24000 batch=2 seconds=4 window=hann x=1"}
    figures = FIGURES | {"reason": "word " * 40}
    worst = Verdict(
        **place,
        impl="scipy:short_time_fft",
        metric="memory",
        verdict="inconclusive",
        base=123.456,
        new=1234.5,
        change=-0.123,
        low=-0.2,
        high=0.333,
        more_processes=1234,
        **figures,
    )
    plugin = replace(worst, impl=f"{'name' * 20}:variant")
    text = plain(Comparison("a", "b", True, [worst, replace(worst, verdict="slower"), plugin], ["word " * 40]))
    assert max(map(len, text.splitlines())) <= 100
    assert plugin.impl in "".join(line[16:].split("  ")[0] for line in text.splitlines()), "whole, in several lines"
