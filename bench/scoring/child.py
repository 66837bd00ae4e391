"""The child process that scores: one task a request. What becomes of it is bench.process's business."""

from __future__ import annotations

import sys
from typing import Any

from bench.asr import recogniser
from bench.scoring.task import Answer, Task, perform
from bench.worker import serve


def handle(request: dict[str, Any]) -> Answer:
    if request["do"] == "identity":
        found = recogniser(request["name"])
        return {"name": found.name, "identity": found.identity}
    return perform(Task(**request["task"]))


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), handle)
