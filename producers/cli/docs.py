"""The generated pages: ``python -m producers.cli.docs`` writes them, a test compares them.

docs/cli.md       each command, its arguments and options
docs/settings.md  each setting
docs/codes.md     each code of a job that waits, is tried again or is parked
docs/fields.md    each field, and who decides over it
docs/catalog.md   each action and trigger, and what it needs
.env.example      each setting, to copy
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from contacts.fields import NOT_SYNCED
from contacts.policy import TABLE
from contacts.settings import PREFIX, Settings
from producers.cli import catalog_page, rulebook
from producers.cli.codes import CODES, KINDS, Ends

MADE = "<!-- Made by `make docs`: do not edit. -->"

EXIT_CODES = """\
| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | the database is away, or something that `rollbook healthcheck` asked for is not alive |
| 2 | a mistake of the person's, said in one line |
| 3 | done, but something was parked |
| 130 | Ctrl-C |
"""


def pages() -> dict[str, str]:
    """Every generated file: its path in the project, and its text."""
    return {
        "docs/cli.md": cli(),
        "docs/settings.md": settings(),
        "docs/codes.md": codes(),
        "docs/fields.md": fields(),
        "docs/catalog.md": catalog_page.catalog(MADE),
        ".env.example": env_example(),
    }


# ---------------------------------------------------------------- commands


def cli() -> str:
    """The page of the commands."""
    lines = [
        "# Commands",
        "",
        MADE,
        "",
        "Results go to stdout, remarks to stderr. With `--json` stdout is one JSON object a line. "
        "Settings are in",
        "[settings.md](settings.md), the codes of parked jobs in [codes.md](codes.md), the mapping "
        "in [mapping.md](mapping.md).",
        "",
        EXIT_CODES,
    ]
    for words, command in commands():
        lines += list(_command(words, command))
    return "\n".join(lines).rstrip() + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it, in the order of `rollbook --help`."""
    from producers.cli.main import commands as front

    for name, command in front().commands.items():
        yield f"rollbook {name}", command
        for inner, subcommand in getattr(command, "commands", {}).items():
            yield f"rollbook {name} {inner}", subcommand


def _command(words: str, command: Any) -> Iterator[str]:
    yield f"## `{words}`"
    yield ""
    yield f"```\n{words}{_usage(command)}\n```"
    yield ""
    yield (command.help or "").strip()
    yield ""
    shown = [one for one in command.params if one.name != "help" and not one.hidden]
    if shown:
        yield "| | |"
        yield "| --- | --- |"
        for one in shown:
            yield f"| {_name(one)} | {one.help}{_default(one)} |"
        yield ""


def _usage(command: Any) -> str:
    """What follows the command's words: ``FILE [OPTIONS]``."""
    parts = []
    for one in command.params:
        if one.param_type_name == "argument":
            name = one.metavar or one.name.upper()
            name = name if one.required else f"[{name}]"
            parts.append(name + ("..." if one.nargs == -1 else ""))
    if any(one.param_type_name == "option" and one.name != "help" for one in command.params):
        parts.append("[OPTIONS]")
    return "".join(f" {part}" for part in parts)


def _name(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{param.metavar or param.name.upper()}`"
    value = "" if param.is_flag else f" {param.metavar or param.name.upper()}"
    return ", ".join(f"`{name}{value}`" for name in param.opts)


def _default(param: Any) -> str:
    if param.default in (None, False) or param.param_type_name == "argument":
        return ""
    return f" Default: `{param.default}`."


# ---------------------------------------------------------------- settings


def settings() -> str:
    """The page of the settings."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "Environment variables, or lines of a `.env` file in the folder where a command is run; "
        "the environment wins.",
        "`rollbook settings` shows what is set and by what. [.env.example](../.env.example) is a "
        "file to copy.",
        "",
        "| setting | default | meaning | example |",
        "| --- | --- | --- | --- |",
    ]
    for name, field in _fields().items():
        default = f"`{_text(field.default)}`" if field.default is not None else ""
        lines.append(f"| `{name}` | {default} | {field.description} | `{_example(field)}` |")
    return "\n".join(lines) + "\n"


def env_example() -> str:
    """A ``.env`` in which everything is said and nothing is set."""
    lines = [
        "# Settings of Rollbook: copy to .env and take the # off what you set.",
        "# Made by `make docs`: do not edit.",
    ]
    for name, field in _fields().items():
        value = _example(field) if field.default is None else _text(field.default)
        lines += ["", *_wrapped(field.description or ""), f"#{name}={_quoted(value)}"]
    return "\n".join(lines) + "\n"


def _fields() -> Mapping[str, FieldInfo]:
    return {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _example(field: FieldInfo) -> str:
    return _text((field.examples or [""])[0])


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 96, initial_indent="# ", subsequent_indent="# ")


# ---------------------------------------------------------------- codes

ENDS = {
    Ends.PARKED: "Parked: a person must look",
    Ends.AGAIN: "Tried again, with a backoff; parked after the last attempt",
    Ends.WAITS: "Waits: nothing failed, and it comes back by itself",
    Ends.CANCELLED: "Cancelled with its whole run",
}


def codes() -> str:
    """The page of the codes."""
    lines = [
        "# Jobs and their codes",
        "",
        MADE,
        "",
        "| kind of job | what it does |",
        "| --- | --- |",
        *(f"| `{kind.value}` | {deed} |" for kind, deed in KINDS.items()),
        "",
        "Why a job is parked, is tried again or waits: each has a code. `rollbook parked` lists "
        "the parked ones",
        "with their reasons; `rollbook parked retry --reason CODE` tries all of one code again. "
        "Flower shows the others.",
    ]
    for ends, title in ENDS.items():
        lines += ["", f"## {title}", "", "| code | what happened | what to do |"]
        lines.append("| --- | --- | --- |")
        for name, code in CODES.items():
            if code.ends is ends:
                lines.append(f"| `{name}` | {code.meaning} | {code.remedy} |")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- fields


def fields() -> str:
    """The page of the table of fields."""
    rows = [
        f"| `{line.name}` | `{line.crm}` | {_DECIDES[line.owner]} | {_code(line.both)} | "
        f"{line.blank} | {line.to_crm} | {line.from_crm} |"
        for line in rulebook.lines(TABLE)
    ]
    lines = [
        "# The fields of a contact",
        "",
        MADE,
        "",
        "One row of [`contacts/fields.py`](../contacts/fields.py) each. What the words mean is in "
        "[merge.md](merge.md);",
        "`rollbook fields` shows the rules of a location, and [mapping.md](mapping.md#who-decides) "
        "how to change them.",
        "",
        "| field | in the CRM | who decides | both changed it | a blank | to the CRM | from it |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        "Which other properties of a contact can be written, and why they have no row:",
        "",
        "| in the CRM | why not |",
        "| --- | --- |",
        *(f"| `{name}` | {why} |" for name, why in NOT_SYNCED.items()),
    ]
    return "\n".join(lines) + "\n"


_DECIDES = {"platform": "the platform", "crm": "the CRM", "shared": "who changed it"}


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


def main(root: Path = Path()) -> int:
    """Write the pages into the project at ``root``; exit code 2 if this is not one."""
    if not (root / "pyproject.toml").exists():
        print("run this in the project's folder", file=sys.stderr)  # noqa: T201
        return 2
    for path, text in pages().items():
        (root / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
