"""reports/reference/selftest.{md,json}: the self-test of this machine on two kernels of about 5 ms.

One computes in cache and shows what the harness itself can tell apart; the other streams through memory and
shows what the machine takes away from that.
"""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from bench.environment import collect, describe
from bench.selftest import print_verdict, selftest

KERNELS = {
    "Bound by computing": ("c:plain", {"n_fft": ["400"], "seconds": ["3.3"]}, 40),
    "Bound by memory": ("numpy:blocked", {"n_fft": ["4096"]}, 20),
}
INTRODUCTION = """# The self-test on this machine

Made by `bench selftest` with the default budget; every ratio is in selftest.json. The target: at most 1% false
alarms at the shipped threshold, and at least 95% of planted 3% slowdowns of a 5 ms kernel found.
"""


def main(folder: Path) -> None:
    found = {t: selftest("stft", impl, pairs, 0.03, None, case) for t, (impl, case, pairs) in KERNELS.items()}
    (folder / "selftest.json").write_text(json.dumps(found, indent=1) + "\n")
    with (folder / "selftest.md").open("w") as page:
        console = Console(file=page, width=200, highlight=False, soft_wrap=True)
        print(INTRODUCTION, file=page)
        for title, verdict in found.items():
            print(f"## {title}\n\n```", file=page)
            print_verdict(verdict, console)
            print("```\n", file=page)
        print("## The machine\n", file=page)
        print("\n".join(f"- {name}: {value}" for name, value in describe(collect())), file=page)


if __name__ == "__main__":
    main(Path("reports/reference"))
