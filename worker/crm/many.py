"""The one call that changes the tags of many contacts, and what its answer says of each.

The specification has an object for each contact in its example and a text in its schema. So an
answer is read with care: what it does not say clearly is not taken as said, and the contact is
asked about alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from contacts.delta import Delta
from worker.crm import operations as op
from worker.crm import wire
from worker.crm.answers import says_gone
from worker.crm.calls import Calls, Line
from worker.crm.shapes import JsonObject


@dataclass(frozen=True, slots=True)
class Told:
    """What the answer says of one contact.

    Attributes:
        done: the CRM says that the change was made.
        gone: it says that the contact was deleted.
        there: all tags that the contact has now; None: it does not say.
    """

    done: bool
    gone: bool = False
    there: frozenset[str] | None = None


class Many:
    """Exactly one call, and raises ``SyncError``s."""

    _calls: Calls
    _line: Line

    def change_tags(self, ids: Collection[str], delta: Delta) -> dict[str, Told]:
        """Add tags to many contacts, or remove them. Safe to repeat.

        Returns:
            by the CRM's id what became of each; without those of which it says nothing, or two
            different things.
        """
        body = {
            "contacts": list(ids),
            "tags": sorted(delta.tags),
            "locationId": self._line.location,
        }
        kind = "add" if delta.adds else "remove"
        found = self._calls.make(op.CHANGE_TAGS, self._line, id=kind, body=body)
        return read(found)


def read(found: JsonObject) -> dict[str, Told]:
    """What an answer says of each contact."""
    listed = found.get("responses")
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return {}
    told: dict[str, Told] = {}
    torn: set[str] = set()
    for one in listed:
        id = one.get("contactId") if isinstance(one, Mapping) else None
        if not isinstance(id, str):
            continue
        said = _told(one)
        if told.setdefault(id, said) != said:
            torn.add(id)
    return {id: said for id, said in told.items() if id not in torn}


def _told(one: JsonObject) -> Told:
    if one.get("type") != "success":
        message = one.get("message")
        return Told(False, gone=isinstance(message, str) and says_gone(message))
    lists = [one.get(name) for name in ("oldTags", "tagsAdded", "tagsRemoved")]
    if not all(isinstance(some, list) for some in lists):
        return Told(True)
    old, added, removed = (wire.tags(some) for some in lists)
    return Told(True, there=(old | added) - removed)
