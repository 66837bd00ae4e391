"""Verbs of the command line that have a file of their own, and what every verb has: failures told in one line."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from bench import exits

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Bench(click.Group):
    """All verbs. Their help is no verb's: click prints it, and leaves with 1, a regression, where nobody reads it."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        with _reader():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader():
            return super().invoke(ctx)


@contextmanager
def _reader() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        if not _reader_has_left():
            raise
        sys.exit(exits.PIPE_CLOSED)


def verb(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn every expected failure into one line and its exit code."""

    @wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except KeyboardInterrupt:
            _leave("interrupted", exits.INTERRUPTED)
        except SystemExit as leaving:
            if not isinstance(leaving.__context__, BrokenPipeError):
                raise
            sys.exit(exits.PIPE_CLOSED)  # rich leaves with 1 when nobody reads its output, which is a regression here
        except (ValueError, FileNotFoundError) as error:  # Usage, UnknownName, CorpusError and their kin
            _leave(str(error), exits.USAGE)
        except Exception as error:
            from bench.store import CannotWrite

            if not isinstance(error, CannotWrite | OSError):
                raise
            if isinstance(error, BrokenPipeError) and _reader_has_left():
                sys.exit(exits.PIPE_CLOSED)
            _leave(_unwritten(error), exits.CANNOT_WRITE)

    return guarded


def _unwritten(error: Exception) -> str:
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return str(error)
    where = f" where {error.filename} was to be written" if error.filename else ""
    return f"the disk is full{where}; make room, or name a place on another one"


def say_what_can_be_said() -> None:
    """Where the output is not UTF-8, a letter that it lacks is told as ?: no table is lost for a dash or a sign."""
    codecs.register_error("bench", _as_it_can)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="bench")


def _as_it_can(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    byte = ord(error.object[error.start]) - 0xDC00  # of a file's name, which can be used again: as it is
    return bytes([byte]) if 0x80 <= byte <= 0xFF else b"?", error.start + 1


def _reader_has_left() -> bool:
    """Is it our own output that nobody reads any more, as of ``bench history | head``?"""
    output = select.poll()
    output.register(1, 0)
    if not output.poll(0):  # errors are told unasked, and this is none
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's last flush does not fail as well
    return True


def _leave(text: str, code: int) -> None:
    click.echo(f"bench: {text}", err=True)
    sys.exit(code)
