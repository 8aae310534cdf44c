"""Our values <-> the CRM's JSON. Pure: no clock, no network, no store.

The API is not symmetric: a custom field goes in as ``{"id", "field_value"}``, in v3 as
``{"id", "fieldValue"}``, and comes back as ``{"id", "value"}``; a list row spells names in lower
case beside a ``firstNameRaw``; numbers and dates come back in another spelling. Everything that
comes back passes the same cleaning as ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from contacts import cleaning, fields
from contacts.cleaning import Value
from contacts.echoes import marks
from contacts.events import seconds
from contacts.fields import BY_NAME, CUSTOM, FIELDS
from contacts.ruling import blank
from worker.crm.operations import CREATE, UPDATE, Operation
from worker.crm.shapes import JsonObject, Theirs

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_NUMBERS = frozenset({"NUMERICAL", "MONETORY", "FLOAT"})
_LISTS = frozenset({"CHECKBOX", "MULTIPLE_OPTIONS"})


class Custom(Protocol):
    """What the wire needs to know of a custom field; see ``shapes.CustomField``."""

    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def data_type(self) -> str: ...


class Dictionary:
    """The custom fields of one location, by id and by key."""

    def __init__(self, custom: Iterable[Custom] = ()) -> None:
        self.by_id: dict[str, Custom] = {}
        self.by_key: dict[str, Custom] = {}
        self.names: dict[str, str] = {}
        """Each of the two names of a custom field, and the one by which an answer calls it."""
        for one in custom:
            self.by_id[one.id] = one
            self.by_key[one.key] = one
            self.names |= dict.fromkeys((CUSTOM + one.id, CUSTOM + one.key), CUSTOM + one.key)

    def find(self, name: str) -> Custom | None:
        """The custom field that ``custom.<key>`` or ``custom.<id>`` means, if it is known."""
        key = name.removeprefix(CUSTOM)
        return self.by_key.get(key) or self.by_id.get(key)


def sendable(values: Mapping[str, Value], operation: Operation) -> dict[str, Value]:
    """The values that may travel in this call.

    ``PUT`` refuses some fields with 422 (``Field.on_update``). A blank value empties the field,
    where ``PUT`` takes null for it; elsewhere it says nothing, and is not sent.
    """
    return {
        name: value
        for name, value in values.items()
        if (operation is not UPDATE or _on_update(name))
        and (not blank(value) or (operation is UPDATE and _may_be_emptied(name)))
    }


def _on_update(name: str) -> bool:
    return name.startswith(CUSTOM) or (name in BY_NAME and BY_NAME[name].on_update)


def _may_be_emptied(name: str) -> bool:
    """People are known by their email; and ``""`` in its place is a 422."""
    return name != "email" and (name.startswith(CUSTOM) or BY_NAME[name].nullable)


def contact_body(
    values: Mapping[str, Value],
    operation: Operation,
    *,
    location: str,
    dictionary: Dictionary,
    tags: Iterable[str] = (),
    v3: bool = False,
) -> dict[str, object]:
    """The JSON body of create or update.

    Args:
        tags: for a create only: everywhere else the property replaces all tags of the contact.
        v3: in the words of v3, where ``field_value`` is deprecated (its specification).

    Raises:
        KeyError: a name that is neither in the table of fields nor a custom field.
        ValueError: tags on anything but a create.
    """
    body: dict[str, object] = {}
    custom: list[dict[str, object]] = []
    for name, value in sendable(values, operation).items():
        if name.startswith(CUSTOM):
            custom.append(_custom_item(name, value, dictionary, v3=v3))
        else:
            body[BY_NAME[name].crm] = None if blank(value) else value
    if custom:
        body["customFields"] = custom
    wanted = sorted(tags)
    if wanted:
        if operation is not CREATE:
            raise ValueError("tags travel as deltas, except on a create")
        body["tags"] = wanted
    if operation is CREATE:
        body["locationId"] = location
    return body


def _custom_item(name: str, value: Value, dictionary: Dictionary, *, v3: bool) -> dict[str, object]:
    called = "fieldValue" if v3 else "field_value"
    known = dictionary.find(name)
    if known is None:
        return {"key": name.removeprefix(CUSTOM), called: value}
    return {"id": known.id, called: _typed(value, known.data_type)}


def _typed(value: Value, data_type: str) -> Value:
    """A text in the type that the custom field wants; as it is, where it does not fit.

    The CRM then refuses or drops it, and either is reported by name.
    """
    kind = data_type.upper()
    if not isinstance(value, str) or blank(value):
        return value
    if kind in _NUMBERS and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    if kind == "DATE":
        try:
            return cleaning.day(value, "")
        except ValueError:
            return value
    if kind in _LISTS:
        return [value]
    return value


def contact(
    raw: JsonObject,
    *,
    country: str,
    dictionary: Dictionary,
    sent: Mapping[str, Value] | None = None,
) -> Theirs:
    """A contact of an answer, in our words.

    Args:
        raw: ``contact`` of an answer, or a row of a list.
        country: of the location, for phones without a country code.
        dictionary: the location's custom fields.
        sent: what this call sent: a custom field is called by the name it was sent under.

    Raises:
        ValueError: it has no id, so it is no contact.
    """
    remote = raw.get("id")
    if not isinstance(remote, str) or not remote:
        raise ValueError("a contact without an id")
    values: dict[str, Value] = {}
    for one in FIELDS:
        text = _text(_raw_of(raw, one.crm))
        if text:
            values[one.name] = _cleaned(one.name, text, country)
    items = raw.get("customFields")
    custom = _custom_values(items, dictionary, sent or {})
    # An event has no names of ours in it, so that marks go by what the dictionary says alone.
    marked = _custom_values(items, dictionary, {}) if sent else custom
    shown = tags(raw.get("tags"))
    return Theirs(
        id=remote,
        values=values | custom,
        tags=shown,
        deleted=raw.get("deleted") is True,
        updated_at=seconds(raw.get("dateUpdated")),
        marks=marks(values | marked, shown if isinstance(raw.get("tags"), list) else None),
        custom=dictionary.names if isinstance(items, list) else {},
        also=_further(raw, country),
    )


def _further(raw: JsonObject, country: str) -> frozenset[str]:
    """The emails and phones beside the first ones: texts, or objects that hold one."""
    found = set()
    for name, plural in (("email", "additionalEmails"), ("phone", "additionalPhones")):
        items = raw.get(plural)
        for one in items if isinstance(items, list) else []:
            text = _text(one.get(name) if isinstance(one, Mapping) else one)
            if text:
                found.add(str(_cleaned(name, text, country)))
    return frozenset(found)


def _raw_of(raw: JsonObject, crm: str) -> object:
    """The value with the case that was typed; lists give lower case and keep the typed as Raw."""
    if crm == "name":
        return raw.get("name") or raw.get("contactName") or _joined(raw)
    if crm in ("firstName", "lastName"):
        return raw.get(f"{crm}Raw") or raw.get(crm)
    if crm == "address1":
        return raw.get("address1") or raw.get("address")
    return raw.get(crm)


def _joined(raw: JsonObject) -> str:
    parts = (_text(_raw_of(raw, "firstName")), _text(_raw_of(raw, "lastName")))
    return " ".join(part for part in parts if part)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return ""


def _cleaned(name: str, text: str, country: str) -> Value:
    try:
        return fields.clean(name, text, country)
    except ValueError:
        return text  # theirs may hold what we would not accept; it is still what they hold


def _custom_values(
    items: object, dictionary: Dictionary, sent: Mapping[str, Value]
) -> dict[str, Value]:
    """Custom fields of an answer by our names.

    A field that went out by key, because the dictionary does not know it, comes back under an id
    that says nothing. It is recognised by its value among the ids that the dictionary does not
    know either; otherwise every such field would be called dropped.
    """
    found: dict[str, Value] = {}
    by_id = {known.id: name for name in sent if (known := _custom_of(name, dictionary))}
    nameless = [
        name for name in sent if name.startswith(CUSTOM) and not _custom_of(name, dictionary)
    ]
    for one in items if isinstance(items, list) else []:
        remote, value = _custom_pair(one)
        if remote is None or value is None:
            continue
        known = dictionary.by_id.get(remote)
        name = by_id.get(remote) or (CUSTOM + known.key if known else None)
        if name is None:
            name = next((n for n in nameless if cleaning.same(sent[n], value)), CUSTOM + remote)
            if name in nameless:
                nameless.remove(name)
        found[name] = value
    return found


def _custom_of(name: str, dictionary: Dictionary) -> Custom | None:
    return dictionary.find(name) if name.startswith(CUSTOM) else None


def _custom_pair(item: object) -> tuple[str | None, Value | None]:
    if not isinstance(item, Mapping) or not isinstance(item.get("id"), str):
        return None, None
    value = item.get("value", item.get("fieldValue", item.get("field_value")))
    if isinstance(value, list):
        return item["id"], [str(part) for part in value] or None
    if isinstance(value, str):
        return item["id"], value.strip() or None
    if isinstance(value, int | float):
        return item["id"], value
    return item["id"], None


def tags(raw: object) -> frozenset[str]:
    """Tags of an answer as the CRM spells them; blanks removed."""
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return frozenset()
    return frozenset(cleaning.tag(one) for one in raw if isinstance(one, str) and one.strip())
