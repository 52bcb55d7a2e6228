"""The names under which settings are given, and checks for names that are no settings."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pydantic.fields import FieldInfo

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.env_file import EnvLine
from event_platform.core.settings.misspelt_names import find_intended_setting
from event_platform.core.settings.value_types import is_secret

FILE_SUFFIX: Final = "_FILE"

NAMES_OF_OTHER_TOOLS: Final = frozenset(
    {
        *("POSTGRES_PASSWORD", "POSTGRES_PORT", "REDIS_PORT", "KAFKA_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"),
        "ADMIN_URL",
    }
)
"""Names in ``.env`` that the compose file and the dashboard's development server use."""

_NAMES_OF_LOADGEN: Final = frozenset({"ADMIN_TOKEN"})
"""Names that ``loadgen`` reads from the environment."""

_MIN_SIMILARITY: Final = 0.7


def secret_names(fields: Mapping[str, FieldInfo]) -> frozenset[str]:
    """Return the settings whose value may come from a file: all secrets but `API_KEYS`, whose file has its own form."""
    secrets = {name for name, field in fields.items() if is_secret(field.annotation)}
    return frozenset(name.upper() for name in secrets if f"{name}{FILE_SUFFIX.lower()}" not in fields)


def accepted_names(fields: Mapping[str, FieldInfo]) -> frozenset[str]:
    """Return every name under which one of ``fields`` may be given."""
    return frozenset({name.upper() for name in fields} | {f"{name}{FILE_SUFFIX}" for name in secret_names(fields)})


def counterpart_name(name: str) -> str:
    """Return ``X_FILE`` for the setting ``X``, and ``X`` for ``X_FILE``; only one of the two may be given."""
    return name.removesuffix(FILE_SUFFIX) if name.endswith(FILE_SUFFIX) else name + FILE_SUFFIX


def check_env_file(lines: Iterable[EnvLine], known: Collection[str], relevant: Collection[str]) -> list[str]:
    """Return warnings about lines of `.env` that have no effect: unknown names, and names that are given twice.

    Raises:
        ConfigurationError: A line misspells one of the ``relevant`` names, or names it without a value; the message
            says what is right.
    """
    warnings: list[str] = []
    seen: set[str] = set()
    for line in lines:
        where = f".env, line {line.number}"
        if line.name in known or line.name in NAMES_OF_OTHER_TOOLS:
            warnings += [f"{where}: {line.name} is given again; the last one counts"] if line.name in seen else []
            if not line.has_value and line.name in relevant:
                raise ConfigurationError(f"{where}: expected {line.name}=value")
            seen.add(line.name)
        elif (intended := find_intended_setting(line.name, known)) in relevant:
            raise ConfigurationError(f"{where}: {line.name} is no setting: expected {intended}")
        else:
            warnings.append(f"{where}: {_describe_unknown(line, known)}")
    return warnings


def _describe_unknown(line: EnvLine, known: Collection[str]) -> str:
    # A line without a value or with an unusual name may be part of a secret, so it is not repeated.
    if not line.has_usual_name:
        return "expected NAME=value; it is ignored"
    nearest = difflib.get_close_matches(line.name, known, 1, _MIN_SIMILARITY)
    return f"{line.name} is no setting and is ignored" + (f"; the nearest is {nearest[0]}" if nearest else "")


def check_environment(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return warnings about variables that look like misspelt settings; they may be another tool's."""
    unknown = sorted({name.upper() for name in names} - set(known) - NAMES_OF_OTHER_TOOLS - _NAMES_OF_LOADGEN)
    intended = [(name, find_intended_setting(name, known)) for name in unknown]
    return [
        f"{name} in the environment is no setting and is ignored; meant {right}?" for name, right in intended if right
    ]
