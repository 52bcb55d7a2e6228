"""The local servers' passwords: generated once, in a file that only its owner can read."""

import json
import os
import secrets
from pathlib import Path

import msgspec

from event_platform.core.errors import ConfigurationError


class ServerPasswords(msgspec.Struct, frozen=True):
    """Random, URL-safe passwords; listening on loopback alone keeps no other user of the machine out."""

    redis: str
    postgres_superuser: str
    postgres_service: str
    postgres_reader: str


def read_or_create(path: Path) -> ServerPasswords:
    """Read the passwords in ``path``; generate and write them where the file does not exist.

    Raises:
        ConfigurationError: The file is damaged. New passwords would not open the servers' existing data.
    """
    if path.exists():
        return _read(path)
    passwords = ServerPasswords(*(secrets.token_urlsafe(24) for _ in range(4)))
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(msgspec.to_builtins(passwords), file)
    unfinished.replace(path)
    return passwords


def _read(path: Path) -> ServerPasswords:
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServerPasswords)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{path} is damaged, and the servers' data cannot be opened without its passwords: "
            "restore it, or remove everything with `event-platform down --purge`"
        ) from error
