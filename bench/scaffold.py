"""`bench new`: the file to start from."""

from __future__ import annotations

import re
from keyword import iskeyword
from pathlib import Path
from textwrap import indent

from bench.core import Suite
from bench.plan import Usage
from bench.registry import load

TEMPLATE = '''from bench import {names}


@impl("{suite}", requires="numpy")
def {name}(case):
    """{title}"""
    # Set-up goes here, outside the timing: imports, plans, windows. The case has {params}.

{body}'''

PLAIN = """\
def run(x):  # the timed call: replace it
    return x

# prepare: host arrays -> what run takes; finish: what run gives -> the suite's convention. Both are optional.
return {{"{op}": Op(run)}}
"""


def write_impl(suite: str, name: str, folder: Path) -> Path:
    """``folder``/impls/SUITE/NAME.py. Raises :class:`Usage` for a bad name or a file that is there already."""
    found = load().suite(suite)
    if not name.isidentifier() or iskeyword(name):
        raise Usage(f"{name!r} cannot name a Python function; use letters, digits and _")
    if name.startswith("_") or name == "all":
        raise Usage(f"{name!r} cannot be chosen by --impl: _ begins a helper, all is every one; choose another name")
    path = folder / "impls" / suite / f"{name}.py"
    if path.exists():
        raise Usage(f"{path} is there already; choose another name")
    taken = [i.source for i in load().of(suite) if i.name.split(":")[0] == name]
    if taken:
        raise Usage(f"{suite} already has {name!r}, in {taken[0]}; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_for(found, name), encoding="utf-8")
    return path


def text_for(suite: Suite, name: str) -> str:
    """An implementation that does next to nothing, and can be measured as it is."""
    body = suite.starter or PLAIN.format(op=suite.ops[0])
    names = ", ".join([n for n in ("Codec", "Op", "Stream") if re.search(rf"\b{n}\(", body)] + ["impl"])
    params = ", ".join(f"case.{p}" for p in suite.expand("quick")[0])
    return TEMPLATE.format(
        names=names, suite=suite.name, name=name, title=suite.title, params=params, body=indent(body, "    ")
    )
