"""The file of API keys."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load


def test_file_adds_to_api_keys(folder: Path) -> None:
    """Comments, blank lines and a byte order mark are skipped; the keys are added to `API_KEYS`."""
    file = folder / "keys"
    file.write_text("\ufeff# producers\n\n tenant_c : key:c \n", "utf-8")
    assert load(api_keys="a:k", api_keys_file=file).key_pairs() == (("a", "k"), ("tenant_c", "key:c"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a:k\nhunter2hunter2\n", "line 2: expected tenant:key"),
        (b"bad tenant:hunter2hunter2\n", "line 1: expected tenant:key"),
        (b"a:hunter2 hunter2\n", "line 1: expected tenant:key"),
        (b"# nothing\n", "holds no key: expected a tenant:key a line"),
        (b"a:\xff\n", "cannot be read: "),
    ],
)
def test_invalid_line_is_named_but_not_shown(content: bytes, said: str, folder: Path) -> None:
    """The error names the file and the line, but not what the line contains."""
    file = folder / "keys"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        load(api_keys_file=file).key_pairs()
    assert f"API_KEYS_FILE={file}" in str(raised.value)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_missing_file_is_an_error(folder: Path) -> None:
    """A missing file of keys is an error, not an ingest that admits everyone."""
    with pytest.raises(ConfigurationError, match=r"API_KEYS_FILE=.*nowhere cannot be read"):
        load(api_keys_file=folder / "nowhere").key_pairs()
