"""The CRM as it would be if what is rehearsed were written: an overlay over what it really holds.

It answers in the CRM's own shapes, as the deeds expect them of the CRM. What it does not know of a
contact it asks ``Reads`` for, which really reads. Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from contacts.plans import BULK_TAGS
from worker.crm.paper import instant
from worker.crm.transport import Asked

Raw = dict[str, Any]
Answer = tuple[int, Raw]
"""HTTP status and JSON document."""

MADE: Final = "planned"
"""What the ids of things begin with that are in the overlay alone."""

_NAMES: Final = ("firstName", "lastName")
_LISTS: Final = frozenset({"customFields", "tags", "locationId"})


class Reads(Protocol):
    """What the CRM really holds, read when it is needed."""

    def contact(self, id: str) -> Raw | None:
        """A living contact; None: it is gone."""

    def holder(self, name: str, value: str) -> Raw | None:
        """Who has this email or phone; None: nobody."""

    def papers(self, kind: str, id: str) -> list[Raw]:
        """The ``notes`` or ``tasks`` of a contact."""

    def refuses_doubles(self) -> bool:
        """Whether the location refuses a second contact with an email or phone."""


class Unrehearsed(Exception):
    """A call that writes and that the overlay cannot answer: it is not rehearsed."""


@dataclass(slots=True)
class Overlay:
    """What was written in the rehearsal, over what is there.

    Attributes:
        clock: seconds since the epoch.
    """

    reads: Reads
    clock: Callable[[], float]
    _contacts: dict[str, Raw | None] = field(default_factory=dict)
    _papers: dict[tuple[str, str], list[Raw]] = field(default_factory=dict)
    _holders: dict[tuple[str, str], str] = field(default_factory=dict)
    _made: int = 0

    def touched(self, id: str) -> Raw | None:
        """A contact that was written to here; None: it was not."""
        return self._contacts.get(id)

    def is_gone(self, id: str) -> bool:
        """Whether it was deleted here."""
        return id in self._contacts and self._contacts[id] is None

    def held(self, email: object, phone: object) -> Raw | None:
        """Who has the email, or else the phone, by what was written here alone."""
        for name, value in (("email", email), ("phone", phone)):
            id = self._holders.get((name, _folded(value))) if value else None
            if id is not None and self._contacts.get(id) is not None:
                return self._contacts[id]
        return None

    def papers(self, kind: str, id: str) -> list[Raw] | None:
        """Its notes or tasks, if one was written here; None: none was."""
        return self._papers.get((kind, id))

    def now(self, id: str) -> Raw | None:
        """The contact as it would be now; None: it is gone, or never was."""
        if id in self._contacts:
            return self._contacts[id]
        return None if id.startswith(MADE) else self.reads.contact(id)

    def write(self, asked: Asked) -> Answer:
        """Do what a call that writes would do, and answer as the CRM would.

        Raises:
            Unrehearsed: nobody knows what it would do.
        """
        deed = _DEEDS.get(asked.operation.name)
        if deed is None:
            raise Unrehearsed(asked.operation.name)
        return deed(self, asked.ids, dict(asked.body or {}))

    # ------------------------------------------------------------ contacts

    def create(self, _: tuple[str, str], body: Raw) -> Answer:
        if self.reads.refuses_doubles():
            taken = self._taken(body, but="")
            if taken is not None:
                return taken
        made: Raw = {"id": self._id(), "locationId": body.get("locationId"), "tags": []}
        made["dateAdded"] = instant(self.clock())
        self._apply(made, body)
        made["tags"] = sorted({_folded(tag) for tag in body.get("tags", ())})
        return 201, {"contact": self._keep(made)}

    def update(self, ids: tuple[str, str], body: Raw) -> Answer:
        old = self.now(ids[0])
        if old is None:
            return gone(ids[0])
        moved = {
            name: body[name]
            for name in ("email", "phone")
            if body.get(name) and _folded(body[name]) != _folded(old.get(name))
        }
        if moved and self.reads.refuses_doubles():
            taken = self._taken(moved, but=ids[0])
            if taken is not None:
                return taken
        new = dict(old)
        self._apply(new, body)
        return 200, {"succeded": True, "succeeded": True, "contact": self._keep(new)}

    def delete(self, ids: tuple[str, str], _: Raw) -> Answer:
        if self.now(ids[0]) is None:
            return gone(ids[0])
        self._contacts[ids[0]] = None
        return 200, {"succeded": True, "succeeded": True}

    def _taken(self, body: Mapping[str, Any], *, but: str) -> Answer | None:
        """The refusal, where somebody else has the email or phone; emails first, as is usual."""
        for name in ("email", "phone"):
            value = body.get(name)
            if not value:
                continue
            found = self.held(*((value, None) if name == "email" else (None, value)))
            found = found or self._really(name, str(value))
            if found is not None and found["id"] != but:
                meta = {"contactId": found["id"], "contactName": "", "matchingField": name}
                message = "This location does not allow duplicated contacts."
                return 400, {"statusCode": 400, "message": message, "meta": meta}
        return None

    def _really(self, name: str, value: str) -> Raw | None:
        """Who really has it, unless what is written here took it away."""
        found = self.reads.holder(name, value)
        if found is None or found["id"] not in self._contacts:
            return found
        here = self._contacts[found["id"]]
        if here is None or _folded(here.get(name)) != _folded(value):
            return None
        return here

    def _apply(self, raw: Raw, body: Mapping[str, Any]) -> None:
        for name, value in body.items():
            if name in _LISTS:
                continue
            raw.pop(f"{name}Raw", None)
            if value is None:
                raw.pop(name, None)
            else:
                raw[name] = value
        if "address1" in body:
            raw.pop("address", None)
        if body.get("name") and not body.get("firstName") and not body.get("lastName"):
            first, _, last = str(body["name"]).strip().partition(" ")
            raw |= {"firstName": first, "lastName": last.strip()}
        elif any(name in body for name in _NAMES):
            raw.pop("name", None)
            raw.pop("contactName", None)
        raw["customFields"] = _merged(raw.get("customFields"), body.get("customFields", ()))

    def _keep(self, raw: Raw) -> Raw:
        raw["dateUpdated"] = instant(self.clock())
        self._contacts[raw["id"]] = raw
        for name in ("email", "phone"):
            if raw.get(name):
                self._holders[name, _folded(raw[name])] = raw["id"]
        return raw

    def _id(self) -> str:
        self._made += 1
        return f"{MADE}{self._made:012d}"

    # ------------------------------------------------------------ tags

    def tag(self, ids: tuple[str, str], body: Raw, *, on: bool = True) -> Answer:
        old = self.now(ids[0])
        if old is None:
            return gone(ids[0])
        given = {_folded(tag) for tag in body.get("tags", ())}
        had = [str(tag) for tag in old.get("tags") or ()]
        kept = [tag for tag in had if on or tag not in given]
        tags = [*kept, *sorted(given - {*had})] if on else kept
        self._keep({**old, "tags": tags})
        return 201 if on else 200, {"tags": tags}

    def untag(self, ids: tuple[str, str], body: Raw) -> Answer:
        return self.tag(ids, body, on=False)

    def tag_many(self, ids: tuple[str, str], body: Raw) -> Answer:
        responses = []
        for id in body.get("contacts", ()):
            old = self.now(str(id))
            if old is None:
                wrong = {"contactId": id, "message": "contact is deleted", "type": "error"}
                responses.append(wrong)
                continue
            had = {str(tag) for tag in old.get("tags") or ()}
            _, shown = self.tag((str(id), ""), body, on=ids[0] == "add")
            now = set(shown["tags"])
            responses.append(
                {
                    "contactId": id,
                    "message": "Tags updated",
                    "type": "success",
                    "oldTags": sorted(had),
                    "tagsAdded": sorted(now - had),
                    "tagsRemoved": sorted(had - now),
                }
            )
        errors = sum(one["type"] == "error" for one in responses)
        said = {"succeded": True, "succeeded": True}
        return 201, {**said, "errorCount": errors, "responses": responses}

    # ------------------------------------------------------------ notes and tasks

    def write_paper(self, ids: tuple[str, str], body: Raw, kind: str) -> Answer:
        if self.now(ids[0]) is None:
            return gone(ids[0])
        made = {"id": self._id(), **body, "contactId": ids[0]}
        # Of one that is made here nobody need ask what else there is.
        known = [] if ids[0].startswith(MADE) else self._listed(kind, ids[0])
        self._papers[kind, ids[0]] = [made, *known]
        return 201, {kind[:-1]: made}

    def change_paper(self, ids: tuple[str, str], body: Raw, kind: str) -> Answer:
        if self.now(ids[0]) is None:
            return gone(ids[0])
        known = self._listed(kind, ids[0])
        old = next((one for one in known if _id_of(one) == ids[1]), None)
        if old is None:
            return _unknown_paper(kind, ids[1])
        new = {**old, **body}
        self._papers[kind, ids[0]] = [new if one is old else one for one in known]
        return 200, {kind[:-1]: new}

    def delete_paper(self, ids: tuple[str, str], kind: str) -> Answer:
        if self.now(ids[0]) is None:
            return gone(ids[0])
        known = self._listed(kind, ids[0])
        left = [one for one in known if _id_of(one) != ids[1]]
        if len(left) == len(known):
            return _unknown_paper(kind, ids[1])
        self._papers[kind, ids[0]] = left
        return 200, {"succeded": True, "succeeded": True}

    def _listed(self, kind: str, id: str) -> list[Raw]:
        found = self._papers.get((kind, id))
        return self.reads.papers(kind, id) if found is None else found


def _id_of(paper: Raw) -> object:
    return paper.get("id") or paper.get("_id")


def _folded(value: object) -> str:
    return str(value or "").strip().lower()


def _merged(old: object, given: Iterable[Mapping[str, Any]]) -> list[Raw]:
    """The custom fields after those given were merged in; one that only its key names is not known
    to the location, and is left out without a word."""
    kept: dict[str, Any] = {}
    for one in old if isinstance(old, list) else []:
        if isinstance(one, Mapping) and one.get("id"):
            kept[str(one["id"])] = one.get("value", one.get("fieldValue", one.get("field_value")))
    for one in given:
        value = one.get("field_value", one.get("fieldValue"))
        if not one.get("id"):
            continue
        if value in (None, "", []):
            kept.pop(str(one["id"]), None)
        else:
            kept[str(one["id"])] = value
    return [{"id": id, "value": value} for id, value in kept.items()]


def gone(id: str) -> Answer:
    """What the CRM says of a contact that it does not have."""
    return 400, {"statusCode": 400, "message": f"Contact with id {id} not found"}


def _unknown_paper(kind: str, id: str) -> Answer:
    return 400, {"statusCode": 400, "message": f"{kind[:-1].title()} with id {id} not found"}


_DEEDS: Final[dict[str, Callable[[Overlay, tuple[str, str], Raw], Answer]]] = {
    "contact.create": Overlay.create,
    "contact.update": Overlay.update,
    "contact.delete": Overlay.delete,
    "contact.tags.add": Overlay.tag,
    "contact.tags.remove": Overlay.untag,
    BULK_TAGS: Overlay.tag_many,
    "contact.note.create": lambda to, ids, body: to.write_paper(ids, body, "notes"),
    "contact.note.update": lambda to, ids, body: to.change_paper(ids, body, "notes"),
    "contact.note.delete": lambda to, ids, _: to.delete_paper(ids, "notes"),
    "contact.task.create": lambda to, ids, body: to.write_paper(ids, body, "tasks"),
    "contact.task.update": lambda to, ids, body: to.change_paper(ids, body, "tasks"),
    "contact.task.complete": lambda to, ids, body: to.change_paper(ids, body, "tasks"),
    "contact.task.delete": lambda to, ids, _: to.delete_paper(ids, "tasks"),
}
