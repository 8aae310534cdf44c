"""What a body's properties become when they are kept: phones, names, days, tags, custom fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import phonenumbers

from ops.simulator.bodies import DND_CHANNELS, iso_day
from ops.simulator.config import CustomField, Location
from ops.simulator.quirks import Quirks
from ops.simulator.refusals import bad_request, unprocessable

_ELSEWHERE = frozenset(("locationId", "tags", "customFields", "name", "firstName", "lastName")) | {
    "createNewIfDuplicateAllowed"
}


@lru_cache(maxsize=65_536)
def e164(phone: str, country: str) -> str | None:
    """A phone in E.164; a number without country code is one of that country. None if it is none.

    Cached: parsing takes about 50 µs.
    """
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def applied(
    old: Mapping[str, Any], body: Mapping[str, Any], location: Location, quirks: Quirks
) -> dict[str, Any]:
    """The values of a contact after a body was applied to those that it had.

    Raises:
        Refusal: 400 for a phone that is none, where such phones are refused.
    """
    new = dict(old)
    for name, value in {**_plain(body, location, quirks), **_names(body, quirks)}.items():
        if value is None or value == "":
            if clears(value, quirks):
                new.pop(name, None)
        else:
            new[name] = value
    return new


def clears(value: object, quirks: Quirks) -> bool:
    """Whether null or nothing in place of a value takes the old one away."""
    return (quirks.null if value is None else quirks.blank) == "clears"


def _plain(body: Mapping[str, Any], location: Location, quirks: Quirks) -> dict[str, Any]:
    found = {name: value for name, value in body.items() if name not in _ELSEWHERE}
    if found.get("dateOfBirth"):
        found["dateOfBirth"] = iso_day(found["dateOfBirth"])
    if found.get("dndSettings"):
        given = found["dndSettings"]
        found["dndSettings"] = {DND_CHANNELS.get(name, name): one for name, one in given.items()}
    if found.get("email") and quirks.email_case == "lower":
        found["email"] = found["email"].lower()
    if found.get("country") and found["country"] not in phonenumbers.SUPPORTED_REGIONS:
        if quirks.bad_country == "refused":
            raise unprocessable(["country must be a valid enum value"])
        if quirks.bad_country == "dropped":
            del found["country"]
    if found.get("phone"):
        phone = e164(found["phone"], location.country)
        if phone is not None:
            found["phone"] = phone
        elif quirks.bad_phone == "refused":
            raise bad_request("Invalid phone number")
        elif quirks.bad_phone == "dropped":
            del found["phone"]
    return found


def _names(body: Mapping[str, Any], quirks: Quirks) -> dict[str, Any]:
    """First and last name; a full name is split only if neither is given."""
    given = {name: body[name] for name in ("firstName", "lastName") if name in body}
    if given or "name" not in body:
        return given
    if body["name"] is None:
        return {"firstName": None, "lastName": None}
    words = body["name"].split()
    at = 1 if quirks.name_split == "first-word" else max(1, len(words) - 1)
    return {"firstName": " ".join(words[:at]), "lastName": " ".join(words[at:])}


def tags(given: Sequence[str], quirks: Quirks) -> tuple[str, ...]:
    """Tags as they are kept: lower case, each once, in the order given."""
    spelled = (one.lower().strip() if quirks.trims_tags else one.lower() for one in given)
    return tuple(dict.fromkeys(one for one in spelled if one))


def custom(
    old: Mapping[str, Any], given: Sequence[Any], location: Location, quirks: Quirks, *, v3: bool
) -> dict[str, Any]:
    """The custom fields after those given were merged in, by id.

    Raises:
        Refusal: 422 for a field that is not there, where such are refused.
    """
    known = {one.id: one for one in location.custom_fields}
    known |= {one.key.removeprefix("contact."): one for one in location.custom_fields}
    new = dict(old)
    unknown = []
    for item in given:
        if not isinstance(item, dict):
            raise unprocessable(["each value in nested property customFields must be an object"])
        name = str(item.get("id") or item.get("key") or "")
        field = known.get(name.removeprefix("contact."))
        value = item.get("field_value")
        if v3 and "fieldValue" in item:
            value = item["fieldValue"]
        if field is None:
            unknown.append(name)
        elif value is None or value in ("", []):
            if clears(value, quirks):
                new.pop(field.id, None)
        else:
            kept = _offered(_typed(value, field), field, quirks)
            if kept not in (None, []):
                new[field.id] = kept
    if unknown and quirks.unknown_custom_field == "refused":
        raise unprocessable([f"custom field {name} does not exist" for name in unknown])
    return new


def _offered(value: Any, field: CustomField, quirks: Quirks) -> Any:
    """The value, if it is one of the field's options; what becomes of another is not published."""
    if not field.options or quirks.unknown_option == "kept":
        return value
    given = value if isinstance(value, list) else [value]
    known = [one for one in given if one in field.options]
    if len(known) == len(given):
        return value
    if quirks.unknown_option == "refused":
        raise unprocessable([f"invalid option for custom field {field.id}"])
    return known if isinstance(value, list) else None


def _typed(value: Any, field: CustomField) -> Any:
    kind = field.data_type.upper()
    if kind in ("NUMERICAL", "FLOAT", "MONETORY") and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if kind in ("CHECKBOX", "MULTIPLE_OPTIONS") and not isinstance(value, list):
        return [value]
    return value
