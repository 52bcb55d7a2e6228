"""Files that hold one secret each, such as the one that ``DATABASE_URL_FILE`` names."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.env_file import ENCODING
from event_platform.core.settings.names import FILE_SUFFIX

_MAX_BYTES: Final = 65_536


def read_secrets(secrets: Iterable[str], sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the contents of the files that ``sources`` name for ``secrets``, by the names of the settings.

    For each secret the first source counts that gives the setting or its file.

    Raises:
        ConfigurationError: A source gives both a setting and its file, or a file is wrong; never quotes the contents.
    """
    files: dict[str, Path] = {}
    missing = set(secrets)
    for source in sources:
        for name in sorted(missing):
            value, file = source.get(name), source.get(name + FILE_SUFFIX)
            if value and file:
                raise ConfigurationError(f"{name} and {name}{FILE_SUFFIX} are both set: give one of them")
            if file:
                files[name] = Path(file)
            missing -= {name} if value or file else set()
    return {name: _read_secret(f"{name}{FILE_SUFFIX}={path}", path) for name, path in files.items()}


def _read_secret(setting: str, path: Path) -> str:
    """Return the contents of the file without the line break at its end."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        secret = content.decode(ENCODING).rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{setting} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The error quotes bytes of the secret.
        raise ConfigurationError(f"{setting}: expected a file of UTF-8 text") from None
    if not secret.strip() or len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{setting}: expected one value of at most {_MAX_BYTES} bytes in the file")
    return secret
