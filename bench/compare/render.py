"""A comparison for a pull request (Markdown), for a CI server (JUnit XML) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from xml.etree import ElementTree

from bench.compare.verdicts import VERDICTS, Comparison, Verdict
from bench.report.digits import significant
from bench.report.lines import clean
from bench.report.marks import code, text

MARKS = {
    "slower": "🔴",
    "worse": "🔴",
    "wrong": "❌",
    "inconclusive": "🟡",
    "gone": "⚪",
    "new": "⚪",
    "faster": "🟢",
    "better": "🟢",
    "same": "⚪",
}
FOLDED = ("same", "new")


def headline(found: Comparison) -> str:
    """``1 slower, 2 inconclusive, 5 same``."""
    counts = [f"{found.count(name)} {name}" for name in VERDICTS if found.count(name)]
    return ", ".join(counts) or "nothing to compare"


def markdown(found: Comparison) -> str:
    """For a comment: what needs eyes first, what is the same folded away."""
    how = "measured in turn" if found.together else "two runs"
    parts = [f"### bench compare: {headline(found)}", f"{code(found.base)} → {code(found.new)}, {how}."]
    shown = [v for v in found.verdicts if v.verdict not in FOLDED]
    folded = [v for v in found.verdicts if v.verdict in FOLDED]
    if shown:
        parts.append(_table(shown))
    if folded:
        parts.append(f"<details><summary>{len(folded)} more: same or new</summary>\n\n{_table(folded)}\n\n</details>")
    parts += [f"> {text(note)}" for note in found.notes]
    used = [name for name in VERDICTS if found.count(name)]
    parts.append("<sub>" + "; ".join(f"**{name}**: {VERDICTS[name]}" for name in used) + ".</sub>")
    return "\n\n".join(parts) + "\n"


def _table(verdicts: Sequence[Verdict]) -> str:
    lines = ["| | row | metric | base | new | change [95%] | threshold | note |", "|---|---|---|--:|--:|--:|--:|---|"]
    for v in verdicts:
        where, metric, reason = (text(clean(t)) for t in (v.where, v.metric, v.reason))
        cells = (f"{MARKS[v.verdict]} {v.verdict}", where, metric, *figures(v), reason)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figures(v: Verdict) -> tuple[str, str, str, str]:
    """Base, new, change with its interval, threshold, as texts; empty where there is none."""
    if v.change is None or v.threshold is None:
        return "", "", "", ""
    unit = f" {v.unit}" if v.unit else ""
    threshold = f"{100 * v.threshold:g}%"
    return f"{significant(v.base)}{unit}", f"{significant(v.new)}{unit}", change(v), threshold


def change(v: Verdict) -> str:
    """``+3.1% [+2.6, +3.6]``."""
    assert v.change is not None and v.low is not None and v.high is not None
    return f"{_percent(v.change)}% [{_percent(v.low)}, {_percent(v.high)}]"


def _percent(share: float) -> str:
    """``+3.1``, ``+75146``, ``+1.0e+09``, ``-∞``: signed, and short."""
    if not isfinite(share):
        return "∞" if share > 0 else "-∞"
    return f"{100 * share:+.{'1f' if abs(share) < 9.99 else '0f' if abs(share) < 9999 else '1e'}}"


def junit(found: Comparison) -> str:
    """A test case a row: regressions are failures, failed implementations errors, inconclusive rows skipped (or
    failures, where they fail the gate)."""
    root = ElementTree.Element("testsuites", name="bench compare")
    for suite in dict.fromkeys(v.suite for v in found.verdicts):
        rows = [v for v in found.verdicts if v.suite == suite]
        element = ElementTree.SubElement(root, "testsuite", name=clean(suite), tests=str(len(rows)))
        tally = dict.fromkeys(("failures", "errors", "skipped"), 0)
        for v in rows:
            name = clean(" ".join(filter(None, (v.op, v.label, v.metric))))
            case = ElementTree.SubElement(element, "testcase", classname=clean(f"{suite}.{v.impl}"), name=name)
            kind = _outcome(v, found.inconclusive)
            if kind:
                tally[{"failure": "failures", "error": "errors"}.get(kind, kind)] += 1
                told = f"{v.verdict}: {_sentence(v)}"
                ElementTree.SubElement(case, kind, message=told).text = None if kind == "skipped" else told
            elif v.change is not None:
                ElementTree.SubElement(case, "system-out").text = f"{v.verdict}: {_sentence(v)}"
        element.attrib.update({k: str(n) for k, n in tally.items()})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _outcome(v: Verdict, inconclusive: str) -> str:
    if v.verdict in ("slower", "worse"):
        return "failure"
    if v.verdict == "inconclusive":
        return "failure" if inconclusive == "fail" else "skipped"
    return {"wrong": "error", "gone": "skipped", "new": "skipped"}.get(v.verdict, "")


def _sentence(v: Verdict) -> str:
    if v.change is None:
        return clean(v.reason) or VERDICTS[v.verdict]
    base, new, changed, threshold = figures(v)
    return "; ".join(filter(None, (f"{base} to {new}, {changed}, threshold {threshold}", clean(v.reason))))


def as_json(found: Comparison) -> str:
    return json.dumps(
        {
            "base": found.base,
            "new": found.new,
            "interleaved": found.together,
            "exit_code": found.exit_code,
            "notes": found.notes,
            "verdicts": [v.to_json() for v in found.verdicts],
        },
        indent=1,
    )
