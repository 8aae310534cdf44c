"""A row becomes a person, by the mapping. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contacts import cleaning
from contacts.contact import AskedTask, Person, clean
from contacts.errors import UsageError
from contacts.names import hint
from contacts.templates import Template
from producers import papers
from producers.mapping import Export
from producers.ndjson import LIST_MARK
from producers.rejects import Complaint
from producers.rows import Row
from producers.sniffing import LOST

UNREADABLE: Final = f"has a character that cannot be read ({LOST})"


@dataclass(frozen=True, slots=True)
class Read:
    """What a row says.

    Attributes:
        person: None when the row cannot be used.
        complaints: values that were left out, or why the whole row was.
    """

    person: Person | None
    complaints: tuple[Complaint, ...] = ()


class People:
    """The mapping, bound to the columns of one file."""

    def __init__(self, export: Export, columns: Sequence[str]) -> None:
        """Find every column that the mapping names.

        Columns are found by their name as it stands, else without regard to case; the first such.

        Raises:
            UsageError: the file has no such column; one line for each.
        """
        self._places = places_of(export, columns)
        self._export = export
        self._columns = columns

    def read(self, row: Row, country: str) -> Read:
        """Make a person of a row.

        Args:
            row: a value that is missing at its end is blank.
            country: of the location, for phones without a country code.
        """
        if row.problem:
            return Read(None, (Complaint("row", row.problem),))
        complaints, cells = self._legible(row.cells)
        value = _Values(cells, self._places)
        raw = {name: value.spoken(column) for name, column in self._export.fields.items()}
        cleaned = clean(raw, country)
        complaints += [
            Complaint(self.column(problem.field), problem.reason) for problem in cleaned.problems
        ]
        complaints += self._missing(len(row.cells))
        if not (cleaned.fields.get("email") or cleaned.fields.get("phone")):
            return Read(None, tuple(self._nobody(complaints)))
        return Read(
            Person(
                fields=cleaned.fields,
                add_tags=frozenset(self._tags(value)),
                notes=tuple(dict.fromkeys(self._texts(self._export.notes, value))),
                named_notes=tuple(self._named_notes(value)),
                tasks=tuple(self._tasks(value, complaints)),
            ),
            tuple(complaints),
        )

    def identity(self, cells: Sequence[str], country: str) -> Person:
        """Who the row is about: email and phone alone, cleaned, as far as they can be used."""
        value = _Values(cells, self._places)
        fields = self._export.fields
        raw = {name: value.spoken(fields[name]) for name in ("email", "phone") if name in fields}
        return Person(clean(raw, country).fields)

    def column(self, name: str) -> str:
        """The file's own name of the column that feeds a field."""
        return self._columns[self._places[self._export.fields[name]]]

    def _legible(self, cells: Sequence[str]) -> tuple[list[Complaint], Sequence[str]]:
        """The row without values of which a character was lost before they came to us."""
        if not any(LOST in cell for cell in cells):
            return [], cells
        used = sorted(set(self._places.values()))
        damaged = [place for place in used if place < len(cells) and LOST in cells[place]]
        legible = ["" if place in damaged else cell for place, cell in enumerate(cells)]
        return [Complaint(self._columns[place], UNREADABLE) for place in damaged], legible

    def _missing(self, width: int) -> Iterator[Complaint]:
        """The fields that a row does not reach because it ends early."""
        if width < len(self._columns):
            for name, column in self._export.fields.items():
                if self._places[column] >= width:
                    reason = f"is missing: the row has {width} of {len(self._columns)} values"
                    yield Complaint(self.column(name), reason)

    def _nobody(self, complaints: list[Complaint]) -> Iterator[Complaint]:
        """Why there is neither an email nor a phone: both blank, or what is wrong with them."""
        mapped = [name for name in ("email", "phone") if name in self._export.fields]
        columns = [self.column(name) for name in mapped]
        about = [complaint for complaint in complaints if complaint.column in columns]
        if about:
            yield from about
        else:
            blank = "is blank" if len(columns) == 1 else "are blank"
            yield Complaint(" and ".join(columns), f"{blank}: the CRM knows people by them")

    def _tags(self, value: _Values) -> Iterator[str]:
        yield from self._export.tags
        for rule in self._export.tags_from:
            for entry in value(rule.column).split(LIST_MARK):
                for part in entry.split(rule.separator) if rule.separator else (entry,):
                    if part.strip():
                        yield cleaning.tag(part)
        for text in self._texts(self._export.tag_templates, value):
            yield cleaning.tag(text)

    def _named_notes(self, value: _Values) -> Iterator[tuple[str, str]]:
        for one in self._export.named_notes:
            found = papers.named(one, value.spoken)
            if found is not None:
                yield found

    def _tasks(self, value: _Values, complaints: list[Complaint]) -> Iterator[AskedTask]:
        for one in self._export.tasks:
            try:
                found = one.fill(value.spoken)
            except ValueError as error:
                columns = [self._columns[self._places[column]] for column in one.due.columns]
                where = " and ".join(columns) or "[[tasks]] due"
                complaints.append(Complaint(where, f"{error}: the task is left out"))
                continue
            if found is not None:
                yield found

    @staticmethod
    def _texts(found: Sequence[Template], value: _Values) -> Iterator[str]:
        for template in found:
            text = template.fill(value.spoken)
            if text is not None and text.strip():
                yield text.strip()


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one row, by the names of columns that the mapping uses."""

    cells: Sequence[str]
    places: Mapping[str, int] = field(repr=False)

    def __call__(self, column: str) -> str:
        place = self.places[column]
        return self.cells[place] if place < len(self.cells) else ""

    def spoken(self, column: str) -> str:
        """As one text: a list's parts with commas between them."""
        if LIST_MARK not in self(column):
            return self(column)
        return ", ".join(part.strip() for part in self(column).split(LIST_MARK) if part.strip())


def places_of(export: Export, columns: Sequence[str]) -> dict[str, int]:
    """Where each column that the mapping names stands in the file.

    Raises:
        UsageError: the file has no such column; one line for each.
    """
    exact: dict[str, int] = {}
    folded: dict[str, int] = {}
    for number, name in enumerate(columns):
        exact.setdefault(name, number)
        folded.setdefault(_folded(name), number)
    places: dict[str, int] = {}
    missing: dict[str, str] = {}
    for key, column in export.columns():
        place = exact.get(column, folded.get(_folded(column)))
        if place is None:
            missing.setdefault(column, key)
        else:
            places[column] = place
    if missing:
        raise UsageError("\n".join(_no_column(export, columns, *pair) for pair in missing.items()))
    return places


def _folded(name: str) -> str:
    # A Mac writes é as two characters, an editor as one.
    return unicodedata.normalize("NFC", name).casefold()


def _no_column(export: Export, columns: Sequence[str], column: str, key: str) -> str:
    known = ", ".join(f'"{name}"' for name in columns[:12]) + (" …" if len(columns) > 12 else "")
    guess = hint(column, columns) or f"; its columns are {known}"
    return f'{export.origin or "the mapping"}: {key}: the file has no column "{column}"{guess}'
