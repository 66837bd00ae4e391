"""What tests of corpora share."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for audio."""
    made = tmp_path / "audio"
    made.mkdir()
    return made
