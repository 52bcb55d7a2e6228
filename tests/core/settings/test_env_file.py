"""Reading ``.env``."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load


def test_unreadable_file_is_named(folder: Path) -> None:
    """A ``.env`` that is not UTF-8 is an error with its name."""
    (folder / ".env").write_bytes(b"INGEST_PORT=\xff\n")
    with pytest.raises(ConfigurationError, match=r"^\.env cannot be read: "):
        load()
