"""A first ``rollbook.toml``, from the names of an export's columns. Pure."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contacts.fields import BY_NAME, FIELDS
from producers import mapping
from producers.mapping import Export

TAGS = ("tag", "tags", "label", "labels", "group", "groups", "segment", "segments")
COURSES = ("course", "courses", "coursename", "product", "products", "program", "class", "bundle")
SEPARATORS = (";", "|", ",")


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns seem to mean.

    Attributes:
        fields: (our name of the field, column).
        tags: (column, separator or None).
        courses: columns that become tags such as ``course: baking bread``.
        unknown: columns that no field is like.
    """

    fields: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str | None], ...]
    courses: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether people can be known by what was recognised."""
        return any(name in ("email", "phone") for name, _ in self.fields)


def guess(columns: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> Guess:
    """Recognise columns by their names.

    Args:
        columns: names of the columns.
        samples: some rows, by which the separator of tags is found.
    """
    by_header = {header: field.name for field in FIELDS for header in field.headers}
    fields: dict[str, str] = {}
    tags: list[tuple[str, str | None]] = []
    courses: list[str] = []
    unknown: list[str] = []
    for place, column in enumerate(columns):
        bare = "".join(filter(str.isalnum, column.casefold()))
        name = by_header.get(bare)
        if name is not None and name not in fields:
            fields[name] = column
        elif bare in TAGS:
            tags.append((column, _separator(row[place] for row in samples if place < len(row))))
        elif bare in COURSES and not set(column) & set("{}"):
            courses.append(column)
        else:
            unknown.append(column)
    if "name" in fields and {"first_name", "last_name"} <= fields.keys():
        unknown.append(fields.pop("name"))  # the parts say more than the whole
    in_order = tuple((name, fields[name]) for name in BY_NAME if name in fields)
    return Guess(in_order, tuple(tags), tuple(courses), tuple(unknown))


def _separator(values: Iterable[str]) -> str | None:
    text = "".join(values)
    return next((mark for mark in SEPARATORS if mark in text), None)


def export(found: Guess) -> Export:
    """The mapping that :func:`write` would write.

    Raises:
        UsageError: neither an email nor a phone was recognised.
    """
    document = tomllib.loads(write(found, "the header"))
    return mapping.parse(document, origin="the header")


def write(found: Guess, title: str) -> str:
    """The text of ``rollbook.toml``, with comments.

    Args:
        title: name of the export, for the first line.
    """
    return "\n".join([*_fields(found, title), *_tags(found), *_notes(found), *_sync()]) + "\n"


def _fields(found: Guess, title: str) -> list[str]:
    lines = [
        f"# How the columns of {_printable(title)} become contacts. See docs/mapping.md.",
        "",
        "# Field of the contact = name of the column. People are known by their email, else by",
        "# their phone: one of the two is needed.",
        "[fields]",
        *(f"{name} = {_quoted(column)}" for name, column in found.fields),
    ]
    mapped = {name for name, _ in found.fields}
    free = [name for name in BY_NAME if name not in mapped]
    if free:
        lines += ["", *_wrapped("Other fields: ", free)]
    lines += [
        "",
        "# A custom field of the CRM, by its key or id. It must exist there already.",
    ]
    for column in found.unknown:
        lines.append(f"# {_quoted(f'custom.{_slug(column)}')} = {_quoted(column)}")
    if not found.unknown:
        lines.append('# "custom.level" = "Level"')
    return lines


def _tags(found: Guess) -> list[str]:
    lines = [
        "",
        "# Tags are only ever added; the CRM keeps them in lower case. Each [[tags]] has one of:",
        '#   tag = "student"                   the same tag for everybody',
        '#   column = "Tags", separator = ";"  tags from a column; no separator: one tag',
        '#   template = "course: {Course}"     left out where the column is blank',
    ]
    for column, separator in found.tags:
        lines += ["[[tags]]", f"column = {_quoted(column)}"]
        lines += [f"separator = {_quoted(separator)}"] if separator else []
        lines.append("")
    for column in found.courses:
        lines += ["[[tags]]", f"template = {_quoted(f'course: {{{column}}}')}", ""]
    if not found.tags and not found.courses:
        lines += ["# [[tags]]", '# tag = "student"', ""]
    return lines


def _notes(found: Guess) -> list[str]:
    columns = [column for column in (*found.courses, *found.unknown) if not set(column) & set("{}")]
    example = " on ".join(f"{{{column}}}" for column in columns[:2]) or "{Course}"
    return [
        '# A note on the contact, written once for each different text. With key = "{Order}", say,',
        "# another text under the same key is the same note, changed.",
        "# [[notes]]",
        f"# template = {_quoted(f'Enrolled: {example}')}",
        "",
        "# A task for people who work in the CRM, due so many days after a day of the row.",
        "# [[tasks]]",
        f"# title = {_quoted(f'Welcome: {example}')}",
        '# due = "{Enrolled on}"',
        "# days = 3",
    ]


def _sync() -> list[str]:
    return [
        "",
        "# Who decides where this export and the CRM differ. Without it docs/fields.md holds.",
        "# [sync.fields]",
        '# city = { owner = "platform" }   # or "crm"; or "shared": whoever changed it',
        '# phone = { tie_break = "crm" }   # both changed it: "newest", "platform" or "crm"',
    ]


def _wrapped(start: str, words: Sequence[str]) -> list[str]:
    lines, line = [], f"# {start}"
    for word in words:
        if len(line) + len(word) > 96:
            lines.append(line.rstrip())
            line = "#   "
        line += f"{word}, "
    return [*lines, line.rstrip(", ")]


def _printable(title: str) -> str:
    """A comment of TOML may hold no control characters; a file's name may."""
    return " ".join("".join(c if c.isprintable() else " " for c in title).split())


def _slug(column: str) -> str:
    words = "".join(mark if mark.isalnum() else " " for mark in column.casefold()).split()
    return "_".join(words) or "key"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
