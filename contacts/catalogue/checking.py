"""Is this a call that the CRM takes? What a person gave becomes path, query and body, or mistakes.

Pure: nothing is sent, nothing is read. Values are never repeated in a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from contacts.catalogue.row import Field, Operation, Shape
from contacts.names import hint
from contacts.settings import V3

ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
LOCATION_ID: Final = "locationId"


@dataclass(frozen=True, slots=True)
class Request:
    """What a call consists of beside its operation. May hold personal data.

    Attributes:
        ids: for the path, in its order.
        query: texts and numbers by name.
        body: JSON; None: the call has none.
    """

    ids: tuple[str, ...] = ()
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: of which field, and half a sentence."""

    field: str
    what: str


def request(
    operation: Operation, given: Mapping[str, object], *, location: str, version: str
) -> tuple[Request, list[Mistake]]:
    """The call, and everything that is wrong with it; the call is of use where nothing is.

    Args:
        given: by the names of the specification, in either generation's spelling. A text that
            stands for a number, list and so on is read as one.
        location: the CRM's id; the call is for this one whatever is given.
        version: of the API.
    """
    made = _Made(operation, location, version)
    values = {LOCATION_ID: location, **given}
    ids = tuple(made.id(values, place, name) for place, name in enumerate(operation.ids))
    query = made.part(given, operation.query_in(version))
    body = made.part(given, operation.body_in(version))
    made.unknown(given)
    return (
        Request(ids, {name: _in_query(value) for name, value in query.items()}, _body(made, body)),
        made.mistakes,
    )


def _body(made: _Made, body: dict[str, Any]) -> dict[str, Any] | None:
    """A call that writes with POST or PUT has a body, if an empty one; so has one whose operation
    has a body in the specification, such as the DELETE of a workflow."""
    has = made.operation.method in ("POST", "PUT") or made.operation.body_in(made.version)
    return body if body or has else None


class _Made:
    """Collects what is wrong, so that a person hears all of it at once."""

    def __init__(self, operation: Operation, location: str, version: str) -> None:
        self.operation = operation
        self.location = location
        self.version = version
        self.mistakes: list[Mistake] = []

    def id(self, values: Mapping[str, object], place: int, name: str) -> str:
        value = values.get(name)
        choices = self.operation.id_choices if place == 0 else ()
        if value in (None, ""):
            self._wrong(name, f"is needed: {self._kind(choices)}")
        elif not isinstance(value, str) or not ID.fullmatch(value):
            self._wrong(name, "cannot be an id of the CRM")
        elif choices and value not in choices:
            self._wrong(name, f"must be {_either(choices)}{hint(value, choices)}")
        elif name == LOCATION_ID:
            self._check_location(value)
        return str(value)

    def _kind(self, choices: tuple[str, ...]) -> str:
        return _either(choices) if choices else "an id of the CRM"

    def part(self, values: Mapping[str, object], fields: Iterable[Field]) -> dict[str, Any]:
        """The values that these fields are given."""
        found: dict[str, Any] = {}
        for one in fields:
            name = one.name_in(self.version)
            key = next((key for key in (name, one.name, one.v3) if key and key in values), None)
            if key is None:
                if one.needed and name == LOCATION_ID:
                    found[name] = self.location
                elif one.needed:
                    self._wrong(name, f"is needed: {_shape(one)}")
                continue
            try:
                found[name] = renamed(one, value_of(one, values[key]), self.version)
            except ValueError as error:
                self._wrong(key, str(error))
                continue
            if name == LOCATION_ID:
                self._check_location(found[name])
        return found

    def unknown(self, given: Mapping[str, object]) -> None:
        """Complain of every name that this operation does not take."""
        fields = (*self.operation.query_in(self.version), *self.operation.body_in(self.version))
        names = [*self.operation.ids, *(one.name_in(self.version) for one in fields)]
        known = {*names, *(one.name for one in fields), LOCATION_ID}
        for name in given:
            if name not in known:
                takes = f"it takes {', '.join(names)}" if names else "it takes nothing"
                self._wrong(
                    name, f"is not a field of {self.operation.name}{hint(name, names)}; {takes}"
                )

    def _check_location(self, value: object) -> None:
        if value != self.location:
            self._wrong(
                LOCATION_ID,
                f"is another location than the call's, {self.location}: name it by --location",
            )

    def _wrong(self, name: str, what: str) -> None:
        if Mistake(name, what) not in self.mistakes:
            self.mistakes.append(Mistake(name, what))


def value_of(one: Field, value: object) -> Any:
    """The value as the CRM takes it.

    Raises:
        ValueError: half a sentence.
    """
    read = _read(one, value) if isinstance(value, str) else value
    if read is None:
        if one.null:
            return None
        raise ValueError(f"must be {_shape(one)}, not null")
    if not _fits(one.shape, read):
        raise ValueError(f"must be {_shape(one)}")
    if one.choices and read not in one.choices:
        raise ValueError(f"must be {_either(one.choices)}{hint(str(read), one.choices)}")
    if one.most and isinstance(read, list) and len(read) > one.most:
        raise ValueError(f"has {len(read)} values; the CRM takes {one.most} at once")
    return read


def renamed(one: Field, value: Any, version: str) -> Any:
    """The value with the names within it in that version's spelling, whichever it was given in."""
    names = {old: new if version == V3 else old for old, new in one.inside}
    names |= {new: new if version == V3 else old for old, new in one.inside}
    if isinstance(value, list):
        return [_named_anew(part, names) for part in value] if names else value
    return _named_anew(value, names)


def _named_anew(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, dict) or not names:
        return value
    return {names.get(name, name): inner for name, inner in value.items()}


def _read(one: Field, text: str) -> object:
    """What a word of the command line or a cell of a file stands for."""
    word = text.strip()
    if one.null and word == "null":
        return None
    if one.shape is Shape.TEXT:
        return text
    if one.shape is Shape.TEXTS and not word.startswith("["):
        return [part.strip() for part in word.split(",") if part.strip()]
    try:
        return orjson.loads(word)
    except orjson.JSONDecodeError:
        return text


def _fits(shape: Shape, value: object) -> bool:
    match shape:
        case Shape.TEXT:
            return isinstance(value, str)
        case Shape.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Shape.BOOLEAN:
            return isinstance(value, bool)
        case Shape.TEXTS:
            return isinstance(value, list) and all(isinstance(part, str) for part in value)
        case Shape.LIST:
            return isinstance(value, list)
        case Shape.OBJECT:
            return isinstance(value, dict)


def _in_query(value: Any) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return value
    return orjson.dumps(value).decode()


def _shape(one: Field) -> str:
    return f"{one.shape.value}{' or null' if one.null else ''}"


def _either(choices: Iterable[str]) -> str:
    return " or ".join(choices)
