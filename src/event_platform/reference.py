"""The pages under ``docs/reference`` and ``.env.example``, made from the code: ``python -m event_platform.reference``.

They are committed, and a test holds them equal to what is made here.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from event_platform.cli import cli
from event_platform.core.metrics import admin, ingest, processor
from event_platform.core.metrics.declaration import MetricDeclaration
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.names import FILE_SUFFIX, secret_names
from event_platform.core.settings.values import is_secret

_NOTE: Final = "<!-- Made by `python -m event_platform.reference`; changes here would be lost. -->\n"
_WIDTH: Final = 100


def pages() -> dict[str, str]:
    """The text of each page, by its path in the repository."""
    return {
        ".env.example": _environment_file(),
        "docs/reference/settings.md": _settings_page(),
        "docs/reference/metrics.md": _metrics_page(),
        "docs/reference/command-line.md": _command_line_page(),
    }


def write(root: Path) -> list[str]:
    """Write the pages that differ from what stands under ``root``; their paths are returned."""
    changed = {path: text for path, text in pages().items() if not _same(root / path, text)}
    for path, text in changed.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return list(changed)


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


def _environment_file() -> str:
    head = (
        "# Copy this to .env, and take the # from the lines you need; the environment wins over the file.\n"
        "# Each line shows the default, or an example where there is none.\n"
    )
    return head + "".join(
        f"\n# {field.description}{_allowed_note(name, field)}\n# {name.upper()}={_example(field)}\n"
        for name, field in Settings.model_fields.items()
    )


def _settings_page() -> str:
    rows = "".join(
        f"| `{name.upper()}` | {_code(_default(field))} | {field.description}{_allowed_note(name, field)} |\n"
        for name, field in Settings.model_fields.items()
    )
    return (
        f"{_NOTE}\n# Settings\n\n"
        "Read once at the start, from the environment and from `.env` in the current folder; the environment wins. An\n"
        "empty variable is the same as none. A wrong value stops the start, named with what was expected. A service\n"
        "checks what it reads; `up` and `doctor` check everything.\n\n"
        "A name in `.env` that looks like a misspelt setting stops the start, named with the right one. Other unknown\n"
        "names there are warned of, and so are variables of the environment that look like a misspelt setting. Of a\n"
        "secret either the value or its `…_FILE` may be given: a file with the value alone, read at the start.\n\n"
        f"| name | default | meaning |\n|---|---|---|\n{rows}"
    )


@dataclass(frozen=True)
class Exposed:
    """A metric as Prometheus sees it, counters with their ``_total``."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def exposed_metrics() -> dict[str, list[Exposed]]:
    """The metrics of each service."""
    declared = {"ingest": ingest.ALL, "processor": processor.ALL, "admin": admin.ALL}
    return {service: [_exposed(each) for each in metrics] for service, metrics in declared.items()}


def _exposed(metric: MetricDeclaration) -> Exposed:
    name = f"{metric.name}_total" if metric.kind == "counter" else metric.name
    return Exposed(name, metric.kind, metric.labels, metric.help)


def _metrics_page() -> str:
    sections = "".join(
        f"\n## {service}\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n"
        + "".join(f"| `{m.name}` | {m.kind} | {', '.join(map(_code, m.labels))} | {m.meaning} |\n" for m in exposed)
        for service, exposed in exposed_metrics().items()
    )
    return f"{_NOTE}\n# Metrics\n\nEach service tells them under `/metrics`, for Prometheus.\n{sections}"


def _command_line_page() -> str:
    width = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    root = click.Context(cli, info_name="event-platform", **{**cli.context_settings, **width})
    helps = [("event-platform", cli.get_help(root))]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is None:
            raise LookupError(f"the verb {name} has no command")
        context = click.Context(command, info_name=name, parent=root)
        helps.append((f"event-platform {name}", command.get_help(context)))
    sections = "".join(f"\n## `{name}`\n\n```text\n{text}\n```\n" for name, text in helps)
    return f"{_NOTE}\n# Command line\n{sections}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value in ({}, ()):
        return ""
    return ",".join(map(str, sorted(value))) if isinstance(value, frozenset) else str(value)


def _example(field: FieldInfo) -> str:
    return _default(field) or str((field.examples or [""])[0])


def _allowed_note(name: str, field: FieldInfo) -> str:
    """What the type allows, where the description cannot know it."""
    if choices := _choices(field.annotation):
        return f" One of {', '.join(choices)}."
    bounds = {name: getattr(bound, name) for bound in field.metadata for name in ("ge", "le") if hasattr(bound, name)}
    if "le" in bounds:
        return f" From {bounds['ge']} to {bounds['le']}."
    note = f" At least {bounds['ge']}." if "ge" in bounds else ""
    if name.upper() in secret_names(Settings.model_fields):
        return f"{note} Secret; or `{name.upper()}{FILE_SUFFIX}` names a file with it."
    return note + (" Secret." if is_secret(field.annotation) else "")


def _choices(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type of any form
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    for path in write(Path.cwd()):
        sys.stdout.write(f"wrote {path}\n")
