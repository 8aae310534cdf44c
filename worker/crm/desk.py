"""The operations: one function each, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from contacts.cleaning import Value
from worker.crm import operations as op
from worker.crm import wire
from worker.crm.answers import bad_answer
from worker.crm.anything import Anything
from worker.crm.calls import Calls, Line
from worker.crm.lists import Lists
from worker.crm.many import Many
from worker.crm.operations import Operation
from worker.crm.paper import Paper, rows, thing
from worker.crm.shapes import (
    CustomField,
    JsonObject,
    LocationFacts,
    Theirs,
    allows_doubles,
)

_NOT_IN_CREATED = frozenset({"timezone"})
"""Fields that the answer to a create does not show before v3, where it is that of a read."""


class Desk(Paper, Lists, Many, Anything):
    """The CRM for one job. Every function but ``shown`` makes exactly one call, and raises
    ``SyncError``s."""

    def __init__(
        self, calls: Calls, line: Line, *, country: str, dictionary: wire.Dictionary
    ) -> None:
        self._calls = calls
        self._line = line
        self._country = country
        self._dictionary = dictionary

    def create(self, values: Mapping[str, Value], tags: Iterable[str] = ()) -> Theirs:
        """Create a contact that is known to be new.

        Raises:
            CrmRefused: it is there already; ``twin`` is its id.
        """
        body = self._body(values, op.CREATE, tags)
        found = self._calls.make(op.CREATE, self._line, body=body)
        made = self._contact(op.CREATE, found, values)
        if self._calls.v3:
            return made
        # The older answer to a create leaves these out; that is no reason to call them dropped.
        unseen = {
            name: values[name] for name in _NOT_IN_CREATED & values.keys() - made.values.keys()
        }
        return replace(made, values={**made.values, **unseen}) if unseen else made

    def get(self, id: str) -> Theirs:
        """Read one contact.

        Raises:
            ContactGone: the CRM does not know it.
        """
        return self._contact(op.GET, self._calls.make(op.GET, self._line, id=id), {})

    def find(self, name: str, value: str) -> str | None:
        """The id of the contact with this email or phone; None: nobody has it.

        Args:
            name: ``email`` or ``phone``.
        """
        return self._find({"number" if name == "phone" else name: value})

    def find_either(self, email: str | None, phone: str | None) -> str | None:
        """The id of the contact with this email, or else with this phone; None: nobody has them."""
        return self._find({"email": email, "number": phone})

    def _find(self, by: Mapping[str, str | None]) -> str | None:
        query: dict[str, str | int] = {"locationId": self._line.location}
        query |= {name: value for name, value in by.items() if value}
        found = self._calls.make(op.FIND, self._line, query=query).get("contact")
        id = found.get("id") if isinstance(found, Mapping) else None
        return id if isinstance(id, str) and id else None

    def shown(self, payload: JsonObject) -> Theirs | None:
        """A contact as an event showed it; makes no call. None where it shows none."""
        try:
            return wire.contact(payload, country=self._country, dictionary=self._dictionary)
        except ValueError:
            return None

    def update(self, id: str, values: Mapping[str, Value]) -> Theirs:
        """Change these fields of a contact, except those that an update does not take."""
        body = self._body(values, op.UPDATE)
        found = self._calls.make(op.UPDATE, self._line, id=id, body=body)
        return self._contact(op.UPDATE, found, values)

    def delete(self, id: str) -> None:
        """Delete a contact, softly: a person can bring it back in the CRM."""
        self._calls.make(op.DELETE, self._line, id=id)

    def add_tags(self, id: str, tags: Iterable[str]) -> frozenset[str]:
        """Add tags; returns all tags of the contact. Safe to repeat."""
        return self._tags(op.ADD_TAGS, id, tags)

    def remove_tags(self, id: str, tags: Iterable[str]) -> frozenset[str]:
        """Remove tags; returns the tags that are left. Safe to repeat."""
        return self._tags(op.REMOVE_TAGS, id, tags)

    def custom_fields(self) -> tuple[CustomField, ...]:
        """The custom fields of the location's contacts."""
        found = self._calls.make(
            op.CUSTOM_FIELDS, self._line, id=self._line.location, query={"model": "contact"}
        )
        listed = rows(op.CUSTOM_FIELDS, found, "customFields")
        return tuple(_custom_field(row) for row in listed if isinstance(row.get("id"), str))

    def location(self) -> LocationFacts:
        """What the CRM knows of the location."""
        found = self._calls.make(op.LOCATION, self._line, id=self._line.location)
        raw = thing(op.LOCATION, found, "location")
        return LocationFacts(
            id=str(raw.get("id") or self._line.location),
            name=str(raw.get("name") or ""),
            country=str(raw["country"]).upper() if raw.get("country") else None,
            timezone=str(raw["timezone"]) if raw.get("timezone") else None,
            allows_doubles=allows_doubles(raw),
        )

    def _body(
        self, values: Mapping[str, Value], operation: Operation, tags: Iterable[str] = ()
    ) -> dict[str, object]:
        return wire.contact_body(
            values,
            operation,
            location=self._line.location,
            dictionary=self._dictionary,
            tags=tags,
            v3=self._calls.v3,
        )

    def _tags(self, operation: Operation, id: str, tags: Iterable[str]) -> frozenset[str]:
        found = self._calls.make(operation, self._line, id=id, body={"tags": sorted(tags)})
        if not isinstance(found.get("tags"), list):
            raise bad_answer(operation, "lists no tags")
        return wire.tags(found["tags"])

    def _contact(
        self, operation: Operation, found: JsonObject, sent: Mapping[str, Value]
    ) -> Theirs:
        return self._theirs(operation, thing(operation, found, "contact"), sent)

    def _theirs(self, operation: Operation, raw: JsonObject, sent: Mapping[str, Value]) -> Theirs:
        try:
            return wire.contact(raw, country=self._country, dictionary=self._dictionary, sent=sent)
        except ValueError:
            raise bad_answer(operation, "has a contact without an id") from None


def _custom_field(raw: JsonObject) -> CustomField:
    return CustomField(
        id=str(raw["id"]),
        key=str(raw.get("fieldKey") or "").removeprefix("contact."),
        name=str(raw.get("name") or ""),
        data_type=str(raw.get("dataType") or ""),
    )
