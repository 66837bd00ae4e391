import os

from bench import Op, impl


@impl("toy")
def readied(case):
    """Refuses to be called without what must come before each call."""
    ready = []

    def run(x):
        ready.pop()  # an IndexError where nothing came before
        return x + 1

    return {"add": Op(run, before=lambda: ready.append(os.getpid()))}


@impl("toy")
def at_pace(case):
    return {"add": Op(lambda x: x + 1, frame_seconds=0.001, paced=True, least=3)}
