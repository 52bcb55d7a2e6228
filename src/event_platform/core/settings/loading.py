"""Settings read from the environment, ``.env`` and the files they name, and checked for whoever reads them."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.contradictions import contradictions
from event_platform.core.settings.declaration import ENV_FILE, Settings
from event_platform.core.settings.explanations import explain
from event_platform.core.settings.files import (
    FILE_SUFFIX,
    EnvFile,
    check_environment,
    check_names,
    names,
    read_secrets,
    secret_names,
)
from event_platform.core.settings.readers import BORROWED, Reader, foreign


def load(reader: Reader | None = None, /, **overrides: Any) -> Settings:  # noqa: ANN401 - any field's value; pydantic checks it
    """The settings of the environment, ``.env`` and the files they name; ``overrides`` win, by field name.

    Only what ``reader`` reads is checked, all else is at its default; without one everything is.

    Raises:
        ConfigurationError: Names every wrong setting with what was expected, or the setting that was misspelt.
    """
    fields = Settings.model_fields
    ignored = foreign(reader, fields)
    given = {name: fields[name].get_default(call_default_factory=True) for name in ignored} | overrides
    path = overrides.get("_env_file", ENV_FILE)
    file = EnvFile(Path(path) if path else None)
    # Whoever ends a platform is not stopped by what is wrong with the settings of its services.
    own = {name: field for name, field in fields.items() if reader != "down" or name not in ignored}
    remarks = check_names(file.lines, names(fields), names(own)) + check_environment(os.environ, names(fields))
    environment = {name.upper(): value for name, value in os.environ.items()}
    secrets = read_secrets(secret_names(fields) - {name.upper() for name in given}, (environment, file.values))
    return _checked(reader, given | {name.lower(): text for name, text in secrets.items()}, secrets, remarks)


def _checked(reader: Reader | None, given: dict[str, Any], files: Collection[str], remarks: list[str]) -> Settings:
    made, borrowed = _made(reader, given, files)
    for found in contradictions(made, reader):
        raise ConfigurationError(found)
    made._remarks = (*remarks, *borrowed)  # noqa: SLF001 - our own
    return made


def _made(reader: Reader | None, given: dict[str, Any], files: Collection[str]) -> tuple[Settings, list[str]]:
    """The settings, and sentences on wrong ones of others that ``reader`` only borrows."""
    try:
        return Settings(**given), []
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): problem for problem in error.errors()}
    fields = Settings.model_fields
    told = [
        explain(name.upper() + (FILE_SUFFIX if name.upper() in files else ""), fields[name], problem)
        for name, problem in wrong.items()
    ]
    if reader is None or not wrong.keys() <= BORROWED.get(reader, frozenset()):
        raise ConfigurationError("\n".join(told)) from None
    return Settings(**given | {name: fields[name].default for name in wrong}), [f"{each}; ignored" for each in told]
