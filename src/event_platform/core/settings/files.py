"""Files that settings come from: the lines of ``.env``, and files that hold one secret each (``DATABASE_URL_FILE``)."""

import difflib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic.fields import FieldInfo

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.misspelt_names import resembled
from event_platform.core.settings.values import is_secret

FILE_SUFFIX: Final = "_FILE"
ENCODING: Final = "utf-8-sig"
"""UTF-8 that may begin with a byte order mark, as Windows' editors write it."""

OTHERS: Final = frozenset(
    {
        *("POSTGRES_PASSWORD", "POSTGRES_PORT", "REDIS_PORT", "KAFKA_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"),
        "ADMIN_URL",
    }
)
"""Names that are no settings of the services: those of the compose file, and of the dashboard's development server."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}|[a-z][a-z0-9_]{0,63}")
_LARGEST_SECRET_BYTES: Final = 65_536
_IN_ENVIRONMENT_ONLY: Final = frozenset({"ADMIN_TOKEN"})
"""What `loadgen` reads from there."""


@dataclass(frozen=True)
class Line:
    """A statement of ``.env``: ``is_whole`` where it gives a name its value, ``is_plain`` where that name is usual."""

    number: int
    name: str
    is_whole: bool
    is_plain: bool


class EnvFile:
    """What ``.env`` says; one that is not there says nothing."""

    def __init__(self, path: Path | None) -> None:
        """Read it.

        Raises:
            ConfigurationError: It cannot be read, or is no UTF-8.
        """
        self._text = ""
        try:
            if path is not None and path.is_file():
                self._text = path.read_text(ENCODING)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from error

    @property
    def values(self) -> dict[str, str]:
        """By names in capitals."""
        return {name.upper(): value or "" for name, value in dotenv_values(stream=io.StringIO(self._text)).items()}

    @property
    def lines(self) -> Iterator[Line]:
        """Each statement, in order; comments are none."""
        return _lines(self._text)


def _lines(text: str) -> Iterator[Line]:
    for each in parse_stream(io.StringIO(text)):
        written = each.original.string.strip()
        if written and not written.startswith("#"):
            name = each.key or re.split(r"[^\w-]", written.removeprefix("export "), maxsplit=1)[0]
            skipped = len(each.original.string) - len(each.original.string.lstrip())
            number = each.original.line + each.original.string[:skipped].count("\n")
            is_whole = not each.error and each.value is not None
            yield Line(number, name.upper(), is_whole, is_whole and bool(_NAME.fullmatch(name)))


def secret_names(fields: Mapping[str, FieldInfo]) -> frozenset[str]:
    """Settings that a file may hold instead: all secrets but `API_KEYS`, whose file has a form of its own."""
    secrets = {name for name, field in fields.items() if is_secret(field.annotation)}
    return frozenset(name.upper() for name in secrets if f"{name}{FILE_SUFFIX.lower()}" not in fields)


def names(fields: Mapping[str, FieldInfo]) -> frozenset[str]:
    """Every name under which one of ``fields`` may be given."""
    return frozenset({name.upper() for name in fields} | {f"{name}{FILE_SUFFIX}" for name in secret_names(fields)})


def other_form(name: str) -> str:
    """The name of a setting's file for that of a setting, and the other way round: only one of them may be given."""
    return name.removesuffix(FILE_SUFFIX) if name.endswith(FILE_SUFFIX) else name + FILE_SUFFIX


def check_names(lines: Iterable[Line], known: Collection[str], refused: Collection[str]) -> list[str]:
    """Sentences on what `.env` says in vain: names that are no settings, and what is given twice.

    Raises:
        ConfigurationError: A name is one of ``refused`` misspelt, or that has no value; the message says what is right.
    """
    remarks: list[str] = []
    seen: set[str] = set()
    for line in lines:
        where = f".env, line {line.number}"
        if line.name in known or line.name in OTHERS:
            remarks += [f"{where}: {line.name} is given again; the last one counts"] if line.name in seen else []
            if not line.is_whole and line.name in refused:
                raise ConfigurationError(f"{where}: expected {line.name}=value")
            seen.add(line.name)
        elif (meant := resembled(line.name, known)) in refused:
            raise ConfigurationError(f"{where}: {line.name} is no setting: expected {meant}")
        else:
            remarks.append(f"{where}: {_unknown(line, known)}")
    return remarks


def _unknown(line: Line, known: Collection[str]) -> str:
    # What is no whole line with a plain name may be a part of a secret.
    if not line.is_plain:
        return "expected NAME=value; it is ignored"
    nearest = difflib.get_close_matches(line.name, known, 1, 0.7)
    return f"{line.name} is no setting and is ignored" + (f"; the nearest is {nearest[0]}" if nearest else "")


def check_environment(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Sentences on variables that look like misspelt settings; they may be other programs', so none is refused."""
    other = sorted({name.upper() for name in names} - set(known) - OTHERS - _IN_ENVIRONMENT_ONLY)
    meant = [(name, resembled(name, known)) for name in other]
    return [f"{name} in the environment is no setting and is ignored; meant {right}?" for name, right in meant if right]


def read_secrets(secrets: Iterable[str], sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What the files of ``secrets`` hold, by the settings' names; of ``sources`` the first that gives either counts.

    Raises:
        ConfigurationError: One source gives both a setting and its file, or a file is wrong; never shows what it holds.
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
    """All of the file but the end of its last line."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET_BYTES + 1)
        secret = content.decode(ENCODING).rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{setting} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The error quotes bytes of the secret.
        raise ConfigurationError(f"{setting}: expected a file of UTF-8 text") from None
    if not secret.strip() or len(content) > _LARGEST_SECRET_BYTES:
        raise ConfigurationError(f"{setting}: expected one value of at most {_LARGEST_SECRET_BYTES} bytes in the file")
    return secret
