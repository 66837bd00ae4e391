"""`bench new`: the file to start from."""

from __future__ import annotations

from pathlib import Path

from bench.plan import Usage
from bench.registry import load

TEMPLATE = '''from bench import Op, impl


@impl("{suite}", requires="numpy")
def {name}(case):
    """{title}"""
    # Set-up goes here, outside the timing: imports, plans, windows. The case has {params}.

    def run(x):  # the timed call: replace it
        return x

    # prepare: host arrays -> what run takes; finish: what run gives -> the suite's convention. Both are optional.
    return {{{ops}}}
'''


def write_impl(suite: str, name: str, folder: Path) -> Path:
    """``folder``/impls/SUITE/NAME.py. Raises :class:`Usage` for a bad name or a file that is there already."""
    found = load().suite(suite)
    if not name.isidentifier():
        raise Usage(f"{name!r} cannot name a Python function; use letters, digits and _")
    path = folder / "impls" / suite / f"{name}.py"
    if path.exists():
        raise Usage(f"{path} is there already; choose another name")
    taken = [i.source for i in load().of(suite) if i.name.split(":")[0] == name]
    if taken:
        raise Usage(f"{suite} already has {name!r}, in {taken[0]}; choose another name")
    params = ", ".join(f"case.{p}" for p in found.expand("quick")[0])
    ops = ", ".join(f'"{op}": Op(run)' for op in found.ops[:1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.format(suite=suite, name=name, title=found.title, params=params, ops=ops))
    return path
