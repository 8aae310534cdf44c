"""Notes and tasks of a mapping: ``[[notes]]`` and ``[[tasks]]``, and what a row makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from contacts import cleaning
from contacts.contact import AskedTask
from contacts.templates import Template
from producers.mistakes import Check

NOON: Final = time(12, tzinfo=UTC)
"""A task that is due on a day is due then: from Hawaii to New Zealand's west that is the same day,
and midnight would be the day before for all of America."""

NOTE_KEYS: Final = ("template", "key")
TASK_KEYS: Final = ("title", "body", "due", "days", "key", "assigned_to")

LATEST_DAYS: Final = 3650

Value = Callable[[str], str]
"""The text of a row in a column."""


@dataclass(frozen=True, slots=True)
class NamedNote:
    """A note that its source knows by a key: another text is the same note changed."""

    key: Template
    text: Template


@dataclass(frozen=True, slots=True)
class TaskFrom:
    """A task of a row.

    Attributes:
        due: a day, or a day and time; ``days`` later it is due.
        key: by which the source knows it; the title where none is named.
        assigned_to: the id of a user of the CRM.
    """

    title: Template
    due: Template
    body: Template | None = None
    days: int = 0
    key: Template | None = None
    assigned_to: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, as written."""
        parts = (self.title, self.due, self.body, self.key)
        return tuple(column for one in parts if one is not None for column in one.columns)

    def fill(self, value: Value) -> AskedTask | None:
        """The task of a row; None where its title, day or key is blank.

        Raises:
            ValueError: its day is none; half a sentence.
        """
        title, due = _text(self.title, value), _text(self.due, value)
        key = title if self.key is None else _text(self.key, value)
        if not (title and due and key):
            return None
        return AskedTask(
            key=key,
            title=title,
            body=(_text(self.body, value) if self.body else None) or "",
            due_at=due_at(due, self.days),
            assigned_to=self.assigned_to,
        )


def due_at(text: str, days: int = 0) -> float:
    """When a task is due, seconds since the epoch: at its time (UTC where it names no zone), or
    on its day at noon UTC.

    Raises:
        ValueError: it is neither; half a sentence.
    """
    moment = _moment(text)
    if moment is None:
        moment = datetime.combine(datetime.fromisoformat(cleaning.day(text, "")), NOON)
    return (moment + timedelta(days=days)).timestamp()


def _moment(text: str) -> datetime | None:
    if ":" not in text:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def named(note: NamedNote, value: Value) -> tuple[str, str] | None:
    """The key and text of a row's note; None where one of them is blank."""
    key, text = _text(note.key, value), _text(note.text, value)
    return (key, text) if key and text else None


def _text(template: Template, value: Value) -> str | None:
    text = template.fill(value)
    return text.strip() if text is not None else None


# ---------------------------------------------------------------- as rollbook.toml has them


def notes(
    check: Check, rules: Iterator[tuple[str, Mapping[str, Any]]]
) -> tuple[list[Template], list[NamedNote]]:
    """Notes that are known by their text, and those with a key."""
    plain: list[Template] = []
    with_key: list[NamedNote] = []
    for place, rule in rules:
        check.unknown(place, rule, NOTE_KEYS)
        text = check.template(f"{place}.template", rule.get("template"))
        key = check.template(f"{place}.key", rule["key"]) if "key" in rule else None
        if text and key:
            with_key.append(NamedNote(key, text))
        elif text and "key" not in rule:
            plain.append(text)
    return plain, with_key


def tasks(check: Check, rules: Iterator[tuple[str, Mapping[str, Any]]]) -> list[TaskFrom]:
    """What ``[[tasks]]`` ask for."""
    found: list[TaskFrom] = []
    for place, rule in rules:
        check.unknown(place, rule, TASK_KEYS)
        title = check.template(f"{place}.title", rule.get("title"))
        due = check.template(f"{place}.due", rule.get("due"))
        body, key = (
            check.template(f"{place}.{name}", rule[name]) if name in rule else None
            for name in ("body", "key")
        )
        user = rule.get("assigned_to")
        if user is not None:
            user = check.text(f"{place}.assigned_to", user, "the id of a user of the CRM")
        days = rule.get("days", 0)
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= LATEST_DAYS:
            check.wrong(f"{place}.days", f"must be a whole number from 0 to {LATEST_DAYS}")
        elif title and due:
            found.append(TaskFrom(title, due, body, days, key, user))
    return found
