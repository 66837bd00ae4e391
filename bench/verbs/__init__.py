"""Verbs of the command line that have a file of their own, and what every verb has: failures told in one line."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from bench import exits

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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
            _leave(str(error), exits.CANNOT_WRITE)

    return guarded


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
