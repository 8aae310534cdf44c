"""Contacts: create, upsert, read, change, delete, and their tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ops.simulator import bodies, shapes, values
from ops.simulator.calls import Answer, Call
from ops.simulator.config import Location
from ops.simulator.mangling import mangled
from ops.simulator.refusals import bad_request, unprocessable
from ops.simulator.world import Contact

Found = tuple[Contact, str]
"""Somebody who is there already, and the field by which: email or phone."""

_KNOWN_BY: Final = frozenset(("firstName", "lastName", "email", "phone"))


def create(call: Call) -> Answer:
    """``POST /contacts/``: 201, or 400 if somebody has the email or phone."""
    body = bodies.parse(call.raw, bodies.CREATE.of(v3=call.v3))
    location = call.location(body["locationId"])
    wanted = values.applied({}, body, location, call.quirks)
    if call.quirks.create_needs_identity and not _KNOWN_BY & wanted.keys():
        raise unprocessable(["one of name, phone and email must be provided"])
    if not location.allow_duplicates:
        _refuse_twin(_twin(call, location, wanted))
    made = _written(call, location, _blank(call, location), body, wanted)
    if call.v3:
        return 201, {"contact": _shown(call, made)}
    return 201, {"contact": shapes.created(made, call.quirks)}


def upsert(call: Call) -> Answer:
    """``POST /contacts/upsert``: whoever has the first of the two fields is changed.

    If somebody else has the second field, that field is ignored without a word.
    """
    body = bodies.parse(call.raw, bodies.UPSERT.of(v3=call.v3))
    location = call.location(body["locationId"])
    wanted = values.applied({}, body, location, call.quirks)
    by_force = location.allow_duplicates and body.get("createNewIfDuplicateAllowed")
    found = None if by_force else _twin(call, location, wanted)
    if found is None:
        contact = _written(call, location, _blank(call, location), body, wanted)
    else:
        contact = _changed(call, location, found, body)
    return 200, {"new": found is None, "contact": _shown(call, contact)}


def _changed(call: Call, location: Location, found: Found, body: dict[str, Any]) -> Contact:
    old, field = found
    if call.quirks.upsert_ignores_gender:
        body.pop("gender", None)
    _by_additional_email(call, old, body)
    new = values.applied(old.values, body, location, call.quirks)
    other = "phone" if field == "email" else "email"
    taken = new.get(other) and _others(call, location, other, str(new[other]), but=old.id)
    if taken and not location.allow_duplicates:
        new.pop(other)
        if other in old.values:
            new[other] = old.values[other]
    return _written(call, location, old, body, new)


def _by_additional_email(call: Call, old: Contact, body: dict[str, Any]) -> None:
    """An email that the contact has beside its first: the first is lost, or by switch kept."""
    given = str(body.get("email") or "").lower()
    more = [one.lower() for one in old.values.get("additionalEmails", ())]
    if given in more and call.quirks.upsert_by_additional_email == "keeps-primary":
        del body["email"]


def get(call: Call) -> Answer:
    """``GET /contacts/{id}``."""
    shown = call.quirks.deleted_contact == "shown"
    return 200, {"contact": _shown(call, call.contact(deleted=shown))}


def find(call: Call) -> Answer:
    """``GET /contacts/search/duplicate``: whoever has the email, or else the phone; or null."""
    location = call.location(call.query.get("locationId", ""))
    number = call.query.get("number")
    phone = (values.e164(number, location.country) or number) if number else None
    for field, value in {"email": call.query.get("email"), "phone": phone}.items():
        holders = _others(call, location, field, value, but=None) if value else []
        if holders:
            return 200, {"contact": _shown(call, holders[0])}
    return 200, {"contact": None}


def update(call: Call) -> Answer:
    """``PUT /contacts/{id}``: what is not named stays; tags, if named, are replaced."""
    company = call.quirks.update_takes_company_name
    shape = bodies.UPDATE_WITH_COMPANY if company else bodies.UPDATE
    body = bodies.parse(call.raw, shape.of(v3=call.v3))
    old = call.contact()
    location = call.world.locations[old.location]
    new = values.applied(old.values, body, location, call.quirks)
    if call.quirks.update_checks_duplicates and not location.allow_duplicates:
        moved = {f: v for f, v in new.items() if v != old.values.get(f)}
        _refuse_twin(_twin(call, location, moved, but=old.id))
    contact = _written(call, location, old, body, new)
    return 200, succeeded(call) | {"contact": _shown(call, contact)}


def delete(call: Call) -> Answer:
    """``DELETE /contacts/{id}``: softly."""
    old = call.contact(deleted=call.quirks.delete_twice == "fine")
    if old.deleted:
        return 200, succeeded(call, both=True)
    call.world.put(replace(old, deleted=True, updated_ms=call.world.now_ms()))
    return 200, succeeded(call, both=True)


def add_tags(call: Call) -> Answer:
    """``POST /contacts/{id}/tags``: 201 with all tags of the contact."""
    given = values.tags(bodies.parse(call.raw, bodies.TAGS)["tags"], call.quirks)
    old = call.contact()
    return 201, _with_tags(call, old, tuple(dict.fromkeys((*old.tags, *given))))


def remove_tags(call: Call) -> Answer:
    """``DELETE /contacts/{id}/tags``: 200 with the tags that are left."""
    given = values.tags(bodies.parse(call.raw, bodies.TAGS)["tags"], call.quirks)
    old = call.contact()
    return 200, _with_tags(call, old, tuple(one for one in old.tags if one not in given))


def _with_tags(call: Call, old: Contact, tags: tuple[str, ...]) -> dict[str, Any]:
    if tags != old.tags:
        call.world.put(replace(old, tags=tags, updated_ms=call.world.now_ms()))
    return {"tags": list(tags)}


def _shown(call: Call, one: Contact) -> dict[str, Any]:
    return shapes.read(one, call.quirks, v3=call.v3)


def _blank(call: Call, location: Location) -> Contact:
    now = call.world.now_ms()
    return Contact(call.world.new_id(), location.id, now, now, {})


def _written(
    call: Call,
    location: Location,
    old: Contact,
    body: Mapping[str, Any],
    new: Mapping[str, Any],
) -> Contact:
    """Keep the contact with these values, and the tags and custom fields of the body."""
    given = body.get("customFields", ())
    new, made = mangled(old.values, new, call.world.config.mangling, call.world.random)
    call.world.mangled.extend((old.id, name, what) for name, what in made.items())
    call.world.tags_replaced += "tags" in body and call.world.find(old.id) is not None
    contact = replace(
        old,
        values=new,
        tags=values.tags(body["tags"], call.quirks) if "tags" in body else old.tags,
        custom=values.custom(old.custom, given, location, call.quirks, v3=call.v3),
        updated_ms=call.world.now_ms(),
    )
    call.world.put(contact)
    return contact


def _twin(
    call: Call, location: Location, wanted: Mapping[str, Any], *, but: str | None = None
) -> Found | None:
    """Who has the email or phone, in the order of the location's setting."""
    for field in (location.duplicate_primary, location.duplicate_secondary):
        value = wanted.get(field) if field else None
        others = _others(call, location, field, value, but=but) if field and value else []
        if others:
            return others[0], field or ""
    return None


def _others(
    call: Call, location: Location, field: str, value: str, *, but: str | None
) -> list[Contact]:
    further = call.quirks.finds_additional
    found = call.book(location.id).holders(field, value, further=further)
    return [one for one in found if one.id != but]


def _refuse_twin(found: Found | None) -> None:
    if found is None:
        return
    contact, field = found
    raise bad_request(
        "This location does not allow duplicated contacts.",
        {
            "meta": {
                "contactId": contact.id,
                "contactName": contact.full_name,
                "matchingField": field,
            }
        },
    )


def succeeded(call: Call, *, both: bool = False) -> dict[str, Any]:
    """The CRM's two spellings: v2 has one s too few, v3 has both, but not on PUT."""
    if not call.v3:
        return {"succeded": True}
    return {"succeeded": True} | ({"succeded": True} if both else {})
