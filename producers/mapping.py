"""``rollbook.toml``: which column of an export becomes which field, tag and note.

Every mistake in the file is told at once, each with the key it stands under and what to do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contacts import cleaning
from contacts.errors import UsageError
from contacts.fields import CUSTOM
from contacts.names import hint, is_field, not_a_field, short_name
from contacts.policy import Policy
from contacts.templates import Template
from producers import papers, rule_files, syncing
from producers.mistakes import Check, key_of
from producers.papers import NamedNote, TaskFrom

FILE: Final = "rollbook.toml"
"""The mapping that is used when none is named."""

PARTS: Final = ("fields", "tags", "notes", "tasks", "sync", "rules", "platform")


@dataclass(frozen=True, slots=True)
class TagsFrom:
    """Tags from a column: its whole value, or its parts between separators."""

    column: str
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """What an export's columns mean.

    Attributes:
        fields: column by our name of the field (``email``, ``custom.level``).
        tags: for everybody, as the CRM spells them.
        tags_from: from columns.
        tag_templates, notes: texts with names of columns in them.
        named_notes: notes that have a key.
        tasks: to be done for each row's person.
        sync: who decides over the fields; None: nothing is said of it.
        rules: what is done when something happens to a contact, as written; None: nothing is said.
        origin: the file this was read from; None when guessed from a header.
    """

    fields: Mapping[str, str]
    tags: frozenset[str] = frozenset()
    tags_from: tuple[TagsFrom, ...] = ()
    tag_templates: tuple[Template, ...] = ()
    notes: tuple[Template, ...] = ()
    named_notes: tuple[NamedNote, ...] = ()
    tasks: tuple[TaskFrom, ...] = ()
    sync: Policy | None = None
    rules: tuple[Mapping[str, Any], ...] | None = None
    origin: str | None = None

    def columns(self) -> list[tuple[str, str]]:
        """Every column that is named, with the key it stands under: (key, column)."""
        found = [(f"fields.{key_of(name)}", column) for name, column in self.fields.items()]
        found += [("tags", rule.column) for rule in self.tags_from]
        found += [("tags", column) for one in self.tag_templates for column in one.columns]
        found += [("notes", column) for one in self.notes for column in one.columns]
        for note in self.named_notes:
            found += [("notes", column) for column in (*note.key.columns, *note.text.columns)]
        found += [("tasks", column) for one in self.tasks for column in one.columns]
        return found


def load(path: Path) -> Export:
    """Read a mapping.

    Raises:
        UsageError: unreadable, or wrong; one line for each mistake.
    """
    return parse(document(path), origin=str(path), written=_text(path))


def rules(path: Path) -> Policy | None:
    """Read who decides over the fields, and nothing else of a mapping; None: it says nothing.

    Raises:
        UsageError: unreadable, or wrong; one line for each mistake.
    """
    check = Check(str(path))
    found = document(path)
    parts(check, found)
    policy = _rules(check, found)
    check.done()
    return policy


def document(path: Path) -> dict[str, Any]:
    """A mapping as ``tomllib`` gives it.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(
            f"{path} does not exist: `rollbook init EXPORT --out {path}` writes one"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}") from None


def ruleset(path: Path, custom: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Read what is done when something happens to a contact, and nothing else of a mapping.

    Args:
        custom: keys and ids of the location's custom fields; None: not known.

    Returns:
        the rules as they are written, checked.

    Raises:
        UsageError: unreadable, wrong, or it has none; one line for each mistake.
    """
    found = document(path)
    if "rules" not in found:
        raise UsageError(f"{path} has no [[rules]]: see docs/rules.md")
    check = Check(str(path), _text(path))
    parts(check, found)
    rules = rule_files.rules(check, found["rules"], custom)
    check.done()
    return rules


def _text(path: Path) -> str:
    return path.read_text("utf-8-sig")


def parse(document: Mapping[str, Any], *, origin: str, written: str | None = None) -> Export:
    """Check a document and make an :class:`Export` of it.

    Args:
        document: as ``tomllib`` gives it.
        origin: the file's name, for messages.
        written: the file's text, to tell lines of.

    Raises:
        UsageError: one line for each mistake.
    """
    check = Check(origin, written)
    parts(check, document)
    fields = _fields(check, document.get("fields"))
    tags, tags_from, tag_templates = _tags(check, document.get("tags", []))
    notes, named_notes = papers.notes(check, check.tables("notes", document.get("notes", [])))
    tasks = papers.tasks(check, check.tables("tasks", document.get("tasks", [])))
    sync = _rules(check, document)
    rules = rule_files.rules(check, document["rules"]) if "rules" in document else None
    check.done()
    return Export(
        fields=fields,
        tags=frozenset(tags),
        tags_from=tuple(tags_from),
        tag_templates=tuple(tag_templates),
        notes=tuple(notes),
        named_notes=tuple(named_notes),
        tasks=tuple(tasks),
        sync=sync,
        rules=None if rules is None else tuple(rules),
        origin=origin,
    )


def parts(check: Check, document: Mapping[str, Any]) -> None:
    """Complain of every part that means nothing."""
    for key in document:
        if key not in PARTS:
            check.wrong(key, f"is not a part of a mapping{hint(key, PARTS)}")


def _rules(check: Check, document: Mapping[str, Any]) -> Policy | None:
    return syncing.policy(check, document["sync"]) if "sync" in document else None


def _fields(check: Check, found: object) -> dict[str, str]:
    if not isinstance(found, dict) or not found:
        check.wrong("[fields]", 'is missing: it needs at least email or phone, as email = "Email"')
        return {}
    fields: dict[str, str] = {}
    for name, column in flat(found):
        key = f"fields.{key_of(name)}"
        if short_name(name) in fields:
            check.wrong(
                key, f"is the same field as fields.{key_of(short_name(name))}: name it once"
            )
        elif not is_field(name):
            check.wrong(key, not_a_field(name))
        elif (text := check.text(key, column, "the name of a column")) is not None:
            fields[short_name(name)] = " ".join(text.split())
    named = {short_name(name) for name, _ in flat(found)}
    if not named & {"email", "phone"}:
        check.wrong("[fields]", "maps neither email nor phone: the CRM knows people by them")
    return fields


def flat(found: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Names and columns; ``custom.level = ...`` without quotes is a table within the table."""
    pairs: list[tuple[str, Any]] = []
    for name, value in found.items():
        if (prefix or name == CUSTOM.rstrip(".")) and isinstance(value, dict) and value:
            pairs += flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value))
    return pairs


def _tags(check: Check, found: object) -> tuple[list[str], list[TagsFrom], list[Template]]:
    tags: list[str] = []
    columns: list[TagsFrom] = []
    texts: list[Template] = []
    for key, rule in check.tables("tags", found):
        kinds = [kind for kind in ("tag", "column", "template") if kind in rule]
        if len(kinds) != 1:
            check.wrong(key, "needs one of tag, column or template")
            continue
        check.unknown(key, rule, (*kinds, "separator") if kinds == ["column"] else kinds)
        if kinds == ["tag"] and (tag := check.text(f"{key}.tag", rule["tag"], "a tag")):
            tags.append(cleaning.tag(tag))
        elif kinds == ["column"] and (one := _tags_from(check, key, rule)):
            columns.append(one)
        elif kinds == ["template"] and (
            text := check.template(f"{key}.template", rule["template"])
        ):
            texts.append(text)
    return tags, columns, texts


def _tags_from(check: Check, key: str, rule: Mapping[str, Any]) -> TagsFrom | None:
    column = check.text(f"{key}.column", rule["column"], "the name of a column")
    separator = rule.get("separator")
    if separator is not None and (not isinstance(separator, str) or not separator):
        check.wrong(f"{key}.separator", 'must be a text in quotes, such as ";"')
        return None
    return TagsFrom(" ".join(column.split()), separator) if column else None
