"""What is wrong with a ``rollbook.toml``: all of it at once, each with its key and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contacts import templates
from contacts.errors import UsageError
from contacts.names import hint
from contacts.templates import Template
from producers.toml_lines import line_of


class Check:
    """Collects what is wrong, so that a person hears all of it at once.

    Args:
        origin: name of the file.
        written: its text, where each mistake is to be told with its line.
    """

    def __init__(self, origin: str, written: str | None = None) -> None:
        self.origin = origin
        self.written = written
        self.mistakes: list[str] = []

    def wrong(self, key: str, what: str) -> None:
        line = line_of(self.written, key) if self.written is not None else None
        place = self.origin if line is None else f"{self.origin}:{line}"
        self.mistakes.append(f"{place}: {key} {what}")

    def text(self, key: str, value: object, meaning: str) -> str | None:
        """The value if it is a text that says something."""
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(key, f"must be {meaning} in quotes")
        return None

    def tables(self, key: str, found: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every table of a list of them, with its key."""
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.wrong(key, f"must be a list of tables: begin each with [[{key}]]")
            return
        for number, rule in enumerate(found, start=1):
            yield f"{key}[{number}]", rule

    def unknown(self, key: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        """Complain of every name in the table that means nothing there."""
        for name in table:
            if name not in known:
                self.wrong(f"{key}.{name}", f"means nothing here{hint(name, known)}")

    def done(self) -> None:
        """The end.

        Raises:
            UsageError: something was wrong; one line for each mistake.
        """
        if self.mistakes:
            raise UsageError("\n".join(self.mistakes))

    def template(self, key: str, value: object) -> Template | None:
        text = self.text(key, value, 'a text such as "course: {Course}"')
        if text is None:
            return None
        try:
            return templates.parse(text)
        except ValueError as error:
            self.wrong(key, str(error))
            return None


def key_of(name: str) -> str:
    """A name as it stands in TOML."""
    return f'"{name}"' if "." in name else name
