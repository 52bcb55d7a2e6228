"""The file ``.env``: its values, and its lines with what is needed to point at mistakes."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from event_platform.core.errors import ConfigurationError

ENCODING: Final = "utf-8-sig"
"""UTF-8 with or without a byte order mark, which Windows editors write."""

_USUAL_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}|[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class EnvLine:
    """A statement of ``.env``.

    Attributes:
        number: The number of its line, from 1.
        name: The name in upper case.
        has_value: Whether it assigns a value to the name.
        has_usual_name: Whether it also has a name as settings have them.
    """

    number: int
    name: str
    has_value: bool
    has_usual_name: bool


class EnvFile:
    """The contents of ``.env``; a file that does not exist is empty."""

    def __init__(self, path: Path | None) -> None:
        """Read the file.

        Raises:
            ConfigurationError: The file cannot be read or is not UTF-8.
        """
        self._text = ""
        try:
            if path is not None and path.is_file():
                self._text = path.read_text(ENCODING)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from error

    @property
    def values(self) -> dict[str, str]:
        """The values, by names in upper case."""
        return {name.upper(): value or "" for name, value in dotenv_values(stream=io.StringIO(self._text)).items()}

    @property
    def lines(self) -> Iterator[EnvLine]:
        """Every statement in order, without comments."""
        for statement in parse_stream(io.StringIO(self._text)):
            text = statement.original.string.strip()
            if text and not text.startswith("#"):
                yield _env_line(statement, text)


def _env_line(statement: Binding, text: str) -> EnvLine:
    original = statement.original
    name = statement.key or re.split(r"[^\w-]", text.removeprefix("export "), maxsplit=1)[0]
    skipped = len(original.string) - len(original.string.lstrip())
    number = original.line + original.string[:skipped].count("\n")
    has_value = not statement.error and statement.value is not None
    return EnvLine(number, name.upper(), has_value, has_value and bool(_USUAL_NAME.fullmatch(name)))
