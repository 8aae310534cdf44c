"""One table of a ``rollbook.toml``, read key by key; whatever is wrong is heard by the check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts import templates
from contacts.names import hint
from producers.mistakes import Check


@dataclass(frozen=True, slots=True)
class Part:
    """A table and the key it stands under."""

    check: Check
    key: str
    table: Mapping[str, Any]

    @classmethod
    def of(cls, check: Check, key: str, found: object) -> Part | None:
        """The table if it is one."""
        if isinstance(found, dict):
            return cls(check, key, found)
        check.wrong(key, f"must be a table: begin it with [{key}]")
        return None

    def only(self, known: Collection[str]) -> None:
        """Complain of every other key."""
        self.check.unknown(self.key, self.table, known)

    def text(self, name: str, default: str | None, *, blank: bool = False) -> str:
        """A text; "" where it is wrong. A default of None: it is needed."""
        value = self.table.get(name, default)
        if value is None:
            self.check.wrong(f"{self.key}.{name}", "is missing")
            return ""
        if isinstance(value, str) and (blank or value.strip() or value == default):
            return value
        self.check.wrong(f"{self.key}.{name}", "must be a text in quotes")
        return ""

    def number(self, name: str, default: int, *, least: int, most: int = 1_000_000) -> int:
        """A whole number."""
        value = self.table.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.check.wrong(f"{self.key}.{name}", f"must be a whole number from {least} to {most}")
        return default

    def choice(self, name: str, words: Sequence[str], default: str | None) -> str | None:
        """One of the words; None where it is none of them."""
        value = self.table.get(name, default)
        if isinstance(value, str) and value in words:
            return value
        listed = ", ".join(f'"{word}"' for word in words[:-1])
        guess = hint(value, words) if isinstance(value, str) else ""
        self.check.wrong(f"{self.key}.{name}", f'must be {listed} or "{words[-1]}"{guess}')
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.table.get(name, [])
        if isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value):
            return tuple(value)
        self.check.wrong(f"{self.key}.{name}", 'must be a list of texts, such as ["student"]')
        return ()

    def templates(self, name: str) -> tuple[str, ...]:
        """A list of texts with names in braces."""
        found = self.texts(name)
        for number, text in enumerate(found, start=1):
            try:
                templates.parse(text)
            except ValueError as error:
                self.check.wrong(f"{self.key}.{name}[{number}]", str(error))
        return found

    def template(self, name: str, known: Sequence[str]) -> str:
        """A text with only these names in braces; it is needed."""
        text = self.text(name, None)
        self.braces(f"{self.key}.{name}", text, known)
        return text

    def braces(self, key: str, value: object, known: Sequence[str]) -> None:
        """Complain of every other name in braces, however deep the text lies."""
        if isinstance(value, dict):
            for name, one in value.items():
                self.braces(f"{key}.{name}", one, known)
        elif isinstance(value, list):
            for one in value:
                self.braces(key, one, known)
        elif isinstance(value, str):
            try:
                columns = templates.parse(value).columns
            except ValueError as error:
                self.check.wrong(key, str(error))
                return
            for column in columns:
                if column not in known:
                    self.check.wrong(
                        key,
                        f"names {{{column}}}; known are {', '.join(known)}{hint(column, known)}",
                    )
