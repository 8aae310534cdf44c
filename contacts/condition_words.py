"""A condition as people write it, with what is wrong with it. Pure.

condition   test, or conditions with and, or, not and parentheses
test        FIELD = != < <= > >= VALUE · FIELD contains "text" · FIELD in ("a", "b")
            FIELD is blank · FIELD is not blank
VALUE       "text" · 80 · 2026-01-31 · true · false
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from difflib import get_close_matches
from typing import Final

from contacts import cleaning, fields
from contacts.conditions import SETS, Condition, Either, Every, Literal, Not, Test
from contacts.fields import BY_NAME, CUSTOM
from contacts.names import hint, not_a_field, short_name

WORDS: Final = frozenset(("and", "or", "not", "is", "blank", "contains", "in", "true", "false"))

_DEEPEST: Final = 30
"""Parentheses within parentheses; nobody writes more."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')
    |(?P<day>\d{4}-\d{1,2}-\d{1,2})
    |(?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    |(?P<name>[A-Za-z_][\w.-]*)
    |(?P<mark><=|>=|!=|==|[=<>(),]))""",
    re.VERBOSE,
)


class BadCondition(ValueError):
    """Half a sentence on what is wrong with a condition, and where in it."""


def parse(text: str, custom: Collection[str] | None = None) -> Condition:
    """Read a condition.

    A name that no field of the table has is a custom field's: ``score`` is ``custom.score``.

    Args:
        custom: keys and ids of the location's custom fields; None: not known, so every name may be
            one that is not spelled nearly as a field of the table.

    Raises:
        BadCondition: half a sentence: what is wrong, where, and what was perhaps meant.
    """
    reader = _Reader(text, custom)
    found = reader.either(0)
    reader.end()
    return found


class _Reader:
    """Takes a condition word by word."""

    def __init__(self, text: str, custom: Collection[str] | None) -> None:
        self.custom = custom
        self.tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                rest = text[at:].strip()
                if rest[0] in "\"'":
                    raise BadCondition(f"has a {rest[0]} without its partner")
                raise BadCondition(f"cannot be read at {rest[:20]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0

    @property
    def next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        found = self.next
        self.at += 1
        return found

    def takes(self, *words: str) -> bool:
        """Whether these words come next; they are taken."""
        ahead = [token[1].lower() for token in self.tokens[self.at : self.at + len(words)]]
        if ahead != list(words) or self.next[0] == "text":
            return False
        self.at += len(words)
        return True

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise BadCondition(f"has {self.next[1]!r} where and, or or its end is expected")

    def either(self, depth: int) -> Condition:
        parts = [self.every(depth)]
        while self.takes("or"):
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def every(self, depth: int) -> Condition:
        parts = [self.part(depth)]
        while self.takes("and"):
            parts.append(self.part(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def part(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise BadCondition(f"has more than {_DEEPEST} parentheses or nots within each other")
        if self.takes("not"):
            return Not(self.part(depth + 1))
        if self.takes("("):
            found = self.either(depth + 1)
            if not self.takes(")"):
                raise BadCondition("has a ( without its )")
            return found
        return self.test()

    def test(self) -> Condition:
        name = self.field()
        if self.takes("is", "not", "blank"):
            return Not(Test(name, "blank"))
        if self.takes("is", "blank"):
            return Test(name, "blank")
        if self.takes("contains"):
            return Test(name, "contains", (self.value(name, "contains"),))
        if self.takes("in"):
            return Test(name, "in", self.several(name))
        kind, op = self.take()
        if kind != "mark" or op not in ("=", "==", "!=", "<", "<=", ">", ">="):
            raise BadCondition(
                f"needs a comparison after {name}: = != < <= > >= contains in, or is blank"
            )
        op = "=" if op == "==" else op
        return Test(name, op, (self.value(name, op),))

    def field(self) -> str:
        kind, name = self.take()
        if kind != "name" or name.lower() in WORDS:
            what = "ends" if kind == "end" else f"has {name!r}"
            raise BadCondition(f"{what} where the name of a field is expected")
        if name in SETS or name in BY_NAME:
            return name
        key = short_name(name).removeprefix(CUSTOM)
        if self.custom is None:
            misspelt = get_close_matches(name.lower(), (*BY_NAME, *SETS), n=1, cutoff=0.8)
            if misspelt and not name.startswith(CUSTOM):
                raise BadCondition(f'names "{name}", which {not_a_field(name, SETS)}')
        elif key not in self.custom:
            meant = hint(key, self.custom) or hint(name, (*BY_NAME, *SETS))
            raise BadCondition(f'names "{name}", which is no field of the location{meant}')
        return CUSTOM + key

    def several(self, name: str) -> tuple[Literal, ...]:
        if not self.takes("("):
            raise BadCondition(f'needs a list after in: {name} in ("one", "another")')
        found = [self.value(name, "in")]
        while self.takes(","):
            found.append(self.value(name, "in"))
        if not self.takes(")"):
            raise BadCondition("has a ( without its )")
        return tuple(found)

    def value(self, name: str, op: str) -> Literal:
        kind, word = self.take()
        found = _literal(name, kind, word)
        if name in SETS and op != "contains":
            raise BadCondition(f"asks {name} for {op}: write {name} contains {word}, or is blank")
        if op == "contains":
            if not isinstance(found, str):
                raise BadCondition(f'needs a text after contains: {name} contains "{word}"')
            return " ".join(found.split()) if name in SETS else found
        if op in ("<", "<=", ">", ">=") and isinstance(found, str | bool):
            raise BadCondition(f"needs a number or a day after {name} {op}, without quotes")
        return _meant(name, found, word)


def _literal(name: str, kind: str, word: str) -> Literal:
    if kind == "text":
        return word[1:-1]
    if kind == "number":
        return float(word)
    if kind == "day":
        try:
            return date.fromisoformat(cleaning.day(word, ""))
        except ValueError:
            raise BadCondition(f"has {word}, which is no day") from None
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    if kind == "name":
        raise BadCondition(f'needs quotes around a text: {name} … "{word}"')
    raise BadCondition(f"needs a value after {name}")


def _meant(name: str, found: Literal, word: str) -> Literal:
    """A text as the field spells it, so that it can be equal to it."""
    if name == "date_of_birth" and not isinstance(found, date):
        raise BadCondition(f"compares date_of_birth with {word}: write a day as 2008-01-31")
    if not isinstance(found, str) or name not in BY_NAME:
        return found
    if name == "dnd":
        raise BadCondition("compares dnd with a text: write true or false, without quotes")
    if name == "phone" and not found.startswith("+"):
        raise BadCondition(f"has a phone without its country: {word}; write it as +12025550100")
    try:
        return str(fields.clean(name, found, ""))
    except ValueError as error:
        raise BadCondition(f"has {word}: {name} {error}") from None
