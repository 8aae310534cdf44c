"""What a row of the catalogue says of one operation of the CRM's API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts.errors import Unsendable
from contacts.settings import V3

READ: Final = "contacts.readonly"
WRITE: Final = "contacts.write"

ID: Final = "{id}"
THING: Final = "{thing}"


class Shape(StrEnum):
    """What a value may be, in the words of the messages."""

    TEXT = "a text"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    TEXTS = "a list of texts"
    LIST = "a list"
    OBJECT = "an object"


class Token(StrEnum):
    """Whose token the call is made with (official OAuth guide)."""

    LOCATION = "the location's"
    OAUTH_LOCATION = "the location's, of an OAuth app: a private integration's is refused"
    EITHER = "the location's or the agency's"
    AGENCY = "the agency's, of an OAuth app"
    CLIENT = "none: the app's own id and secret are in the body"


class Repeat(StrEnum):
    """What is done after an attempt of which nobody knows whether it took effect."""

    SAFE = "done again: twice is the same as once"
    LOOK = "looked for first, and only done again if it is not there"
    ASK = "parked, perhaps done: nothing in the CRM tells, and twice is not the same as once"


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a query or a body.

    Attributes:
        name: in the older generation.
        shape: what it may be.
        needed: the CRM refuses the call without it.
        null: it may be null.
        v3: its name in v3; "": the same.
        only: the generation that has it; "": both.
        choices: the values it may have; empty: any.
        most: a list has no more than this; 0: no limit is known.
        inside: names within an object, or within the objects of a list: (the older, that of v3).
    """

    name: str
    shape: Shape = Shape.TEXT
    needed: bool = False
    null: bool = False
    v3: str = ""
    only: str = ""
    choices: tuple[str, ...] = ()
    most: int = 0
    inside: tuple[tuple[str, str], ...] = ()

    def name_in(self, version: str) -> str:
        """Its name in that version of the API."""
        return self.v3 or self.name if version == V3 else self.name

    def is_in(self, version: str) -> bool:
        """Whether that version of the API has it."""
        return not self.only or (self.only == V3) == (version == V3)


@dataclass(frozen=True, slots=True)
class Look:
    """Where something stands that was perhaps made.

    Attributes:
        operation: the name of the row that lists such things.
        key: of the list in its answer.
        by: values of the body that are equal in what was made.
        single: key of one thing in the answer of the call that makes it.
    """

    operation: str
    key: str
    by: tuple[str, ...]
    single: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: stable, for the audit and for `rollbook call`.
        method: of HTTP.
        path: with ``{id}`` for the first id in it (of a contact, mostly) and ``{thing}`` for the
            second (of its note, task and so on).
        scope: what the token must allow; "": none.
        writes: whether it changes something, so that a lost answer is doubtful.
        what: what it is about, for "the CRM refused ...".
        does: a sentence for people.
        ids: the names of ``{id}`` and ``{thing}`` in the specification.
        id_choices: the values that the first of them may have; empty: any.
        path_v3: the path in v3; "": the same; None: not there.
        v2: whether the older generation has it.
        token: whose token the call is made with.
        query, body: the values it takes.
        form: the body is a form in the older generation, not JSON.
        answer: the top-level keys of a successful answer; empty: the specification shows none.
        answer_v3: those in v3; empty: the same.
        codes: of success.
        repeat: what follows a lost answer.
        look: how, where ``repeat`` is LOOK.
        instead: what to use where a generation does not have it, or what does it for you.
    """

    name: str
    method: str
    path: str
    scope: str
    writes: bool
    what: str
    does: str = ""
    ids: tuple[str, ...] = ()
    id_choices: tuple[str, ...] = ()
    path_v3: str | None = ""
    v2: bool = True
    token: Token = Token.LOCATION
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()
    form: bool = False
    answer: tuple[str, ...] = ()
    answer_v3: tuple[str, ...] = ()
    codes: tuple[int, ...] = (200,)
    repeat: Repeat = Repeat.SAFE
    look: Look | None = None
    instead: str = ""

    @property
    def by_name(self) -> bool:
        """Whether it can be asked for by name. The others give access: their answers are tokens,
        and a refresh by hand would end those that Rollbook holds."""
        return self.token is not Token.CLIENT and not (self.token is Token.AGENCY and self.writes)

    def is_in(self, version: str) -> bool:
        """Whether that version of the API has it."""
        return self.path_v3 is not None if version == V3 else self.v2

    def path_in(self, version: str) -> str:
        """Its path in that version of the API.

        Raises:
            Unsendable: that version does not have it.
        """
        if not self.is_in(version):
            raise Unsendable(
                f"{self.name} is not in version {version} of the CRM's API", code="not-in-version"
            )
        return self.path_v3 or self.path if version == V3 else self.path

    def shown_path(self, version: str) -> str:
        """The path as the specification writes it: ``/contacts/{contactId}/tags``."""
        path = self.path_in(version)
        for mark, name in zip((ID, THING), self.ids, strict=False):
            path = path.replace(mark, f"{{{name}}}")
        return path

    def query_in(self, version: str) -> tuple[Field, ...]:
        """The values of the query that this version has."""
        return tuple(one for one in self.query if one.is_in(version))

    def body_in(self, version: str) -> tuple[Field, ...]:
        """The values of the body that this version has."""
        return tuple(one for one in self.body if one.is_in(version))

    def answer_in(self, version: str) -> tuple[str, ...]:
        """The top-level keys of a successful answer in this version."""
        return self.answer_v3 or self.answer if version == V3 else self.answer
