"""Calls that somebody asks for by name: from words and files to checked requests, or mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from contacts.catalogue import BY_NAME, Operation
from contacts.catalogue.checking import Mistake, Request, request
from contacts.errors import UsageError
from contacts.names import hint
from producers import readers
from producers.lines import numbered

MOST_TOLD: Final = 20
"""Mistakes of one file that are told: who has more has one mistake in every row."""

MOST_ROWS: Final = 100_000
"""Rows of one file: all of their calls are put in one transaction, or none; on SQLite nobody else
writes meanwhile."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call is checked by.

    Attributes:
        location: the CRM's id.
        version: of the API.
    """

    operation: Operation
    location: str
    version: str


@dataclass(slots=True)
class Checked:
    """The rows of a file, as requests, with what is wrong among them.

    Attributes:
        requests: (line, what is sent), of the rows that are right.
        mistakes: sentences, each with its line and field.
        wrong: how many rows are.
    """

    requests: list[tuple[int, Request]] = field(default_factory=list, repr=False)
    mistakes: list[str] = field(default_factory=list)
    wrong: int = 0


def operation(name: str, version: str) -> Operation:
    """The operation that is meant.

    Raises:
        UsageError: there is none of this name, it is not in this version, or not asked for by name.
    """
    found = BY_NAME.get(name)
    if found is None:
        raise UsageError(
            f'there is no operation "{name}"{hint(name, BY_NAME)}; `rollbook catalog` lists them'
        )
    if not found.by_name:
        raise UsageError(
            f"{name} is not called by name: {found.instead} does it; its answer is tokens, and to "
            "get some by hand may end those that Rollbook holds"
        )
    if not found.is_in(version):
        instead = f": use {found.instead}" if found.instead else ""
        raise UsageError(f"{name} is not in version {version} of the CRM's API{instead}")
    return found


def words(pairs: Iterable[str]) -> dict[str, object]:
    """``key=value`` words.

    Raises:
        UsageError: one is none, or two have one key.
    """
    found: dict[str, object] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise UsageError(f'"{key}" is not key=value')
        if key.strip() in found:
            raise UsageError(f"{key.strip()} is given twice")
        found[key.strip()] = value
    return found


def body(text: str, origin: str) -> dict[str, object]:
    """A JSON object of values.

    Raises:
        UsageError: it is none; no value of it is repeated.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{origin}:{error.lineno}: is not JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{origin} is not a JSON object: begin it with {{")
    return found


def one(terms: Terms, given: Mapping[str, object]) -> Request:
    """A single call.

    Raises:
        UsageError: something is wrong; one line for each mistake.
    """
    made, mistakes = _checked(terms, given)
    if mistakes:
        raise UsageError("\n".join(f"{terms.operation.name}: {_said(one)}" for one in mistakes))
    return made


def many(terms: Terms, path: Path, given: Mapping[str, object]) -> Checked:
    """A call for each row of a file.

    Args:
        given: for every row; a row's own value goes before it.

    Raises:
        UsageError: the file cannot be read, is empty or too long.
    """
    found = Checked()
    for line, row in rows(path):
        if len(found.requests) + found.wrong == MOST_ROWS:
            raise UsageError(f"{path} has more than {MOST_ROWS:,} rows: split it")
        mistakes: Sequence[str]
        if isinstance(row, str):
            made, mistakes = Request(), [row]
        else:
            made, wrong = _checked(terms, {**given, **row})
            mistakes = [_said(one) for one in wrong]
        if mistakes:
            found.wrong += 1
            found.mistakes += [f"{path}:{line}: {one}" for one in mistakes]
        else:
            found.requests.append((line, made))
    if not found.requests and not found.wrong:
        raise UsageError(f"{path} has a header and no rows")
    return found


def _checked(terms: Terms, given: Mapping[str, object]) -> tuple[Request, list[Mistake]]:
    return request(terms.operation, given, location=terms.location, version=terms.version)


def _said(one: Mistake) -> str:
    return f"{one.field} {one.what}"


def told(checked: Checked) -> list[str]:
    """The mistakes of a file, as a person reads them."""
    lines = checked.mistakes[:MOST_TOLD]
    if more := len(checked.mistakes) - len(lines):
        lines.append(f"and {more:,} more")
    return lines


def rows(path: Path) -> Iterator[tuple[int, dict[str, object] | str]]:
    """(line, values by name, or what is wrong with the row) of CSV or NDJSON.

    A blank cell of CSV is not given; NDJSON keeps its types, so that null and lists can be sent.

    Raises:
        UsageError: the file cannot be read.
    """
    source = readers.open_source(path)
    if source.delimiter is None:
        yield from _objects(path, source.encoding)
        return
    for row in source.rows():
        if row.problem:
            yield row.line, row.problem
        else:
            cells = zip(source.columns, row.cells, strict=False)
            yield row.line, {name: cell for name, cell in cells if cell.strip()}


def _objects(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, object] | str]]:
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in numbered(file):
            text = line.strip("\ufeff\x00 \t\r\n")
            if not text:
                continue
            try:
                found: Any = orjson.loads(text)
            except orjson.JSONDecodeError:
                found = None
            yield number, found if isinstance(found, dict) else "is not a JSON object"
