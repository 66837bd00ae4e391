"""The scripts that complete names, each in its own shell, at a terminal: a line, tabulator, return."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time

import pytest

# how to start without a configuration, and the line that loads the script and sets a prompt, which is not in the line
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(bench completion bash)"; PS1="rea""dy> "'),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit; compinit -u -D; eval "$(bench completion zsh)"; PS1="rea""dy> "'),
    "fish": (["--no-config", "-i"], 'bench completion fish | source; function fish_prompt; echo -n rea"dy> "; end'),
}

# what is typed before the tabulator, and with which words bench is then called
LINES = {
    "bench docto": ["doctor"],
    "bench run stf": ["run", "stft"],
    "bench run stft --imp": ["run", "stft", "--impl"],
    "bench run stft --impl duc": ["run", "stft", "--impl", "ducc0"],
    "bench run stft --impl=duc": ["run", "stft", "--impl=ducc0"],
    "bench run stft --impl c,duc": ["run", "stft", "--impl", "c,ducc0"],
    "bench run stft --impl scipy:sho": ["run", "stft", "--impl", "scipy:short_time_fft"],
    "bench run stft --impl=c,scipy:sho": ["run", "stft", "--impl=c,scipy:short_time_fft"],
    "bench report my": ["report", "my runs"],
    r"bench report my\ runs/fi": ["report", "my runs/first"],
    "bench run --resume=my": ["run", "--resume=my runs"],
    "bench run codec --weights mimi=my": ["run", "codec", "--weights", "mimi=my runs"],
    r"bench score my\ runs/re": ["score", "my runs/rest, of it.wav"],
}


class Terminal:
    """A shell in ``folder/work`` with the script loaded; ``bench`` shows what it was called with, and that it did."""

    def __init__(self, shell, folder):
        program = folder / "bin" / "bench"
        program.parent.mkdir()
        self.told = folder / "told"
        answers = f'[ "$_BENCH_COMPLETE" ] || [ "$1" = completion ] && exec {sys.executable} -m bench "$@"'
        program.write_text(f'#!/bin/sh\n{answers}\nprintf "%s\\n" "$@" > {self.told}\necho been-told\n')
        program.chmod(0o755)
        flags, load = SHELLS[shell]
        own = {"HOME": str(folder), "PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "xterm"}
        self.child, self.screen = pty.fork()
        if not self.child:
            os.chdir(folder / "work")
            os.execvpe(shell, [shell, *flags], os.environ | own | {"LC_ALL": "C.UTF-8"})
        self._read_until(lambda seen: seen)
        self._type(load)

    def words(self, line):
        """The words with which bench is called when a user types ``line``, tabulator and return."""
        self._type(f"{line}\t", b"been-told")
        # what is known to be a folder ends in a slash, which zsh takes away at the end of a line
        return [word.rstrip("/") for word in self.told.read_text().splitlines()]

    def close(self):
        os.close(self.screen)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)

    def _type(self, line, after=b"\n"):
        """Type ``line`` and return, and wait for the prompt behind ``after``."""
        os.write(self.screen, f"{line}\r".encode())
        self._read_until(lambda seen: b"ready> " in (seen.rpartition(after)[2] if after in seen else b""))

    def _read_until(self, done):
        seen, end = b"", time.monotonic() + 60
        while not done(seen):
            assert time.monotonic() < end, seen.decode(errors="replace")
            if select.select([self.screen], [], [], 0.1)[0]:
                seen += os.read(self.screen, 65536)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_names_and_files(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "work" / "my runs" / "first").mkdir(parents=True)
    (tmp_path / "work" / "my runs" / "rest, of it.wav").touch()
    terminal = Terminal(shell, tmp_path)
    try:
        assert {line: terminal.words(line) for line in LINES} == LINES
    finally:
        terminal.close()
