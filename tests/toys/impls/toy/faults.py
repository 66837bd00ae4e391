"""One implementation for each way to go wrong."""

import ctypes
import os
import signal
import sys
import time

from bench import Op, Unsupported, impl


@impl("toy")
def overwrites(case):
    """Right, and the first that is asked: nobody has the reference yet."""

    def run(x):
        x += 1
        return x

    return run


@impl("toy")
def wrong(case):
    return lambda x: x + 2


@impl("toy")
def raises(case):
    def run(x):
        raise ValueError("no such luck")

    return run


@impl("toy")
def raises_oddly(case):
    def run(x):
        raise ValueError("\n\nfile caf\udce9 is gone\nand more")

    return run


@impl("toy")
def babbles(case):
    def run(x):
        for descriptor in range(3, 30):
            try:
                os.write(descriptor, b"bla bla\n")
            except OSError:
                pass
        return x + 1

    return run


@impl("toy")
def raises_at_setup(case):
    raise RuntimeError("cannot be made")


@impl("toy")
def exits(case):
    return lambda x: sys.exit("I quit")


@impl("toy")
def segfaults(case):
    return lambda x: ctypes.string_at(0)


@impl("toy")
def aborts(case):
    return lambda x: os.abort()


@impl("toy")
def leaves(case):
    return lambda x: os._exit(3)


@impl("toy")
def killed(case):
    return lambda x: os.kill(os.getpid(), signal.SIGKILL)


@impl("toy")
def killed_namelessly(case):
    return lambda x: os.kill(os.getpid(), signal.SIGRTMIN + 1)


@impl("toy")
def endless(case):
    def run(x):
        while True:
            time.sleep(0.01)

    return run


@impl("toy")
def stuck(case):
    """Deaf to everything but SIGKILL, in a call that never returns to Python."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    libc = ctypes.PyDLL(None)  # holds the interpreter's lock
    return lambda x: libc.sleep(3600)


@impl("toy")
def floods(case):
    def run(x):
        while True:
            os.write(1, b"x" * 65536)

    return run


@impl("toy")
def chatty(case):
    """Prints, but within reason: it is measured all the same."""

    def run(x):
        print("so many words" * 10)
        sys.stderr.write("and more\n")
        return x + 1

    return run


@impl("toy")
def hoards(case):
    import numpy as np

    def run(x):
        held = []
        while True:
            held.append(np.ones(1 << 22))

    return run


@impl("toy")
def memory_error(case):
    def run(x):
        raise MemoryError("cannot allocate 8 TiB")

    return run


@impl("toy")
def unsupported(case):
    raise Unsupported("only even sizes on Sundays")


@impl("toy", requires="a_module_that_nobody_has", extra="torch")
def absent(case):
    return lambda x: x + 1


@impl("toy")
def crashes_in_undo(case):
    return {"add": lambda x: x + 1, "undo": lambda x: os.abort()}


@impl("toy")
def crashes_later(case):
    """Survives the check, dies while it is sampled."""
    calls = iter(range(10**9))
    return lambda x: x + 1 if next(calls) < 50 else os.abort()


@impl("toy")
def has_children(case):
    """Its children must not outlive it."""
    import subprocess

    def run(x):
        subprocess.Popen(["sleep", "3601"])
        time.sleep(3600)

    return run


@impl("toy")
def unknown_op(case):
    return {"ad": Op(lambda x: x)}
