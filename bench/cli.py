"""The command line: one short function a verb. Options become a plain call; nothing deeper sees them."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import exits
from bench.verbs import SETTINGS, verb
from bench.verbs.baseline import baseline
main.add_command(profile)
