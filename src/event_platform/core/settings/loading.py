"""Reads the settings that one command needs from the environment, ``.env`` and secret files, and checks them."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.contradictions import find_contradictions
from event_platform.core.settings.env_file import EnvFile
from event_platform.core.settings.model import ENV_FILE, Settings
from event_platform.core.settings.names import (
    FILE_SUFFIX,
    accepted_names,
    check_env_file,
    check_environment,
    secret_names,
)
from event_platform.core.settings.secret_files import read_secrets
from event_platform.core.settings.settings_by_command import DEFAULTED_IF_INVALID, Command, unused_fields
from event_platform.core.settings.validation_messages import explain


def load(command: Command | None = None, /, **overrides: Any) -> Settings:  # noqa: ANN401 - any field's value; pydantic checks it
    """Load the settings from the environment, ``.env`` and the files they name.

    Only what ``command`` reads is loaded and checked; every other setting has its default.

    Args:
        command: The command that reads them, or None to load and check all settings.
        overrides: Values by field name, which take precedence.

    Raises:
        ConfigurationError: Names every invalid setting with what was expected, or the setting that was misspelt.
    """
    fields = Settings.model_fields
    unread = unused_fields(command, fields)
    given = {name: fields[name].get_default(call_default_factory=True) for name in unread} | overrides
    path = overrides.get("_env_file", ENV_FILE)
    file = EnvFile(Path(path) if path else None)
    # `down` has to work although the settings of the services it stops are wrong.
    relevant = {name: field for name, field in fields.items() if command != "down" or name not in unread}
    known = accepted_names(fields)
    warnings = check_env_file(file.lines, known, accepted_names(relevant)) + check_environment(os.environ, known)
    environment = {name.upper(): value for name, value in os.environ.items()}
    secrets = read_secrets(secret_names(fields) - {name.upper() for name in given}, (environment, file.values))
    return _checked(command, given | {name.lower(): text for name, text in secrets.items()}, secrets, warnings)


def _checked(command: Command | None, given: dict[str, Any], files: Collection[str], warnings: list[str]) -> Settings:
    settings, defaulted = _validated(command, given, files)
    for contradiction in find_contradictions(settings, command):
        raise ConfigurationError(contradiction)
    settings._warnings = (*warnings, *defaulted)  # noqa: SLF001 - set here only, because loading finds them
    return settings


def _validated(command: Command | None, given: dict[str, Any], files: Collection[str]) -> tuple[Settings, list[str]]:
    """Return the settings, and warnings about invalid ones whose defaults ``command`` uses instead."""
    try:
        return Settings(**given), []
    except ValidationError as error:
        invalid = {str(problem["loc"][0]): problem for problem in error.errors()}
    fields = Settings.model_fields
    explanations = [
        explain(name.upper() + (FILE_SUFFIX if name.upper() in files else ""), fields[name], problem)
        for name, problem in invalid.items()
    ]
    if command is None or not invalid.keys() <= DEFAULTED_IF_INVALID.get(command, frozenset()):
        raise ConfigurationError("\n".join(explanations)) from None
    defaults = {name: fields[name].default for name in invalid}
    return Settings(**given | defaults), [f"{each}; ignored" for each in explanations]
