"""Was it made after all? Looks for what a call with a lost answer may have made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contacts.catalogue import BY_NAME, Look, Operation
from contacts.catalogue.checking import Request
from contacts.store.asked import Asked
from worker.crm.answers import milliseconds
from worker.crm.client import Desk

SKEW_S: Final = 3600.0
"""Our clock and the CRM's may differ so much (one of them set to summer time); what is older than
the question was not made by it. A thing like it of the hour before is taken for it: better once too
few than twice."""

JUST_NOW_S: Final = 120.0
"""What a refused call made all the same came just now; a thing like it that is older leaves the
refusal a refusal."""

Found = Mapping[str, Any]


def find(desk: Desk, operation: Operation, wanted: Asked, *, since: float) -> Found | None:
    """What an attempt made, as the call itself would have answered; None: nothing.

    Two more calls at most.

    Args:
        since: when it may have been made, seconds since the epoch, by the CRM's clock.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    look = operation.look
    if look is None:
        return None
    if look.operation == "contact.find":
        return _contact(desk, look, wanted, since)
    ids = wanted.request.ids[: len(BY_NAME[look.operation].ids)]
    listed = desk.anything(BY_NAME[look.operation], Request(ids)).get(look.key)
    rows = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    same = (one for one in rows if _is_it(one, look, wanted, since))
    # The newest, where there are several: the older ones were there before.
    made = max(same, key=lambda one: milliseconds(one.get("dateAdded")) or 0, default=None)
    return None if made is None else {look.single: made}


def _contact(desk: Desk, look: Look, wanted: Asked, since: float) -> Found | None:
    """A contact with this email or phone that came since then."""
    body = wanted.request.body or {}
    names = {"email": body.get("email"), "number": body.get("phone")}
    query = {name: value for name, value in names.items() if isinstance(value, str) and value}
    if not query:
        return None
    query["locationId"] = wanted.location
    found = desk.anything(BY_NAME[look.operation], Request(query=query)).get(look.key)
    id = found.get("id") if isinstance(found, Mapping) else None
    if not isinstance(id, str) or not id:
        return None
    got = desk.anything(BY_NAME["contact.get"], Request((id,)))
    contact = got.get("contact")
    return got if isinstance(contact, Mapping) and _came_since(contact, since) else None


def _is_it(one: Found, look: Look, wanted: Asked, since: float) -> bool:
    body = wanted.request.body or {}
    return _came_since(one, since) and all(
        _same(body[name], one.get(name)) for name in look.by if body.get(name) is not None
    )


def _came_since(one: Found, since: float) -> bool:
    """Whether it may be of this call; what does not say when it came may be."""
    came = milliseconds(one.get("dateAdded"))
    return came is None or came / 1000 >= since


def _same(ours: object, theirs: object) -> bool:
    """The CRM spells times in its own way, and tags in lower case."""
    moment = milliseconds(ours)
    if moment is not None:
        return moment == milliseconds(theirs)
    return str(ours).strip().casefold() == str(theirs or "").strip().casefold()
