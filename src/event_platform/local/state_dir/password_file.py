"""The local servers' passwords: made once, kept in a file that only its owner reads."""

import json
import os
import secrets
from pathlib import Path

import msgspec

from event_platform.core.errors import ConfigurationError


class Passwords(msgspec.Struct, frozen=True):
    """Random, URL-safe passwords; loopback alone keeps no other user of the machine out."""

    redis: str
    postgres_superuser: str
    postgres_service: str
    postgres_reader: str


def read_or_make(path: Path) -> Passwords:
    """The passwords in ``path``; made and written where it does not exist.

    Raises:
        ConfigurationError: The file is damaged; others cannot be made, because the servers' data has these.
    """
    if path.exists():
        return _read(path)
    made = Passwords(*(secrets.token_urlsafe(24) for _ in range(4)))
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(msgspec.to_builtins(made), file)
    unfinished.replace(path)
    return made


def _read(path: Path) -> Passwords:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Passwords)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{path} is damaged, and the servers' data cannot be opened without its passwords: "
            "restore it, or remove all with `event-platform down --purge`"
        ) from error
