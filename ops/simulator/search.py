"""``POST /contacts/search``: another list with rows of its own, from an index that comes late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ops.simulator import bodies, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.refusals import Refusal, bad_request, unprocessable
from ops.simulator.world import Contact

LARGEST: Final = 500
WINDOW: Final = 10_000
"""So far reach pages by number; beyond it only ``searchAfter`` goes."""

_ADDED, _UPDATED = "dateAdded", "dateUpdated"
_VALUES: Final[dict[str, Callable[[Contact], Any]]] = {
    "email": lambda one: one.values.get("email"),
    "phone": lambda one: one.values.get("phone"),
    "firstNameLowerCase": lambda one: str(one.values.get("firstName") or "").lower(),
    "lastNameLowerCase": lambda one: str(one.values.get("lastName") or "").lower(),
    "assignedTo": lambda one: one.values.get("assignedTo"),
    "dnd": lambda one: bool(one.values.get("dnd")),
    "tags": lambda one: list(one.tags),
    _ADDED: lambda one: one.added_ms,
    _UPDATED: lambda one: one.updated_ms,
}  # fmt: skip
_SORTS: Final = (_ADDED, _UPDATED)

Is = Callable[[Contact], bool]


def contacts(call: Call) -> Answer:
    """One page of what fits."""
    body = bodies.parse(call.raw, bodies.CONTACT_SEARCH)
    call.location(body["locationId"])
    _check(body)
    field, descending = _sort(body.get("sort") or [])
    fits = _all_of([_filter(one) for one in body.get("filters") or []])
    words = str(body.get("query") or "").lower()
    lag = call.quirks.search_lag_s
    seen_at = call.world.clock() - lag if lag else None
    found = [
        one
        for one in call.book(body["locationId"]).newest(None, seen_at=seen_at)
        if fits(one) and (not words or words in _text(one))
    ]
    found.sort(key=lambda one: (_VALUES[field](one), one.id), reverse=descending)
    page = _page(found, body, field, descending)
    return 200, {
        "contacts": [shapes.found(one, call.quirks, (_VALUES[field](one), one.id)) for one in page],
        "total": len(found),
    }


def _check(body: Mapping[str, Any]) -> None:
    limit, page = body["pageLimit"], body.get("page", 1)
    if not 1 <= limit <= LARGEST:
        raise unprocessable([f"pageLimit must not be greater than {LARGEST}"])
    if page * limit > WINDOW:
        raise bad_request("page * pageLimit must not exceed 10000", {"error": "Bad Request"})
    if "page" in body and "searchAfter" in body:
        raise bad_request("page cannot be used with searchAfter", {"error": "Bad Request"})


def _page(
    found: list[Contact], body: Mapping[str, Any], field: str, descending: bool
) -> list[Contact]:
    limit = body["pageLimit"]
    after = body.get("searchAfter")
    if not after:
        first = (body.get("page", 1) - 1) * limit
        return found[first : first + limit]
    place = (after[0], after[1])

    def beyond(one: Contact) -> bool:
        own = (_VALUES[field](one), one.id)
        return own < place if descending else own > place

    return [one for one in found if beyond(one)][:limit]


def _sort(wanted: list[Any]) -> tuple[str, bool]:
    """The field, and whether the largest comes first; the usual order is a guess."""
    if not wanted:
        return _ADDED, True
    field = wanted[0].get("field")
    if field not in _SORTS:
        raise _invalid(str(field))
    return field, wanted[0].get("direction") == "desc"


def _filter(one: Mapping[str, Any]) -> Is:
    if "group" in one:
        parts = [_filter(each) for each in one.get("filters") or []]
        return _all_of(parts) if one["group"] == "AND" else _one_of(parts)
    field, operator, wanted = str(one.get("field")), one.get("operator"), one.get("value")
    if field.startswith("customFields."):
        id = field.removeprefix("customFields.")
        read: Callable[[Contact], Any] = lambda contact: contact.custom.get(id)  # noqa: E731
    elif field in _VALUES:
        read = _VALUES[field]
    else:
        raise _invalid(field)
    return lambda contact: _holds(read(contact), str(operator), wanted)


def _holds(value: Any, operator: str, wanted: Any) -> bool:
    there = value not in (None, "", [])
    match operator:
        case "exists" | "not_exists":
            return there is (operator == "exists")
        case "range":
            bounds = {name: _ms(bound) for name, bound in wanted.items()}
            return isinstance(value, int) and (
                bounds.get("gte", value) <= value <= bounds.get("lte", value)
                and bounds.get("gt", value - 1) < value < bounds.get("lt", value + 1)
            )
        case "contains" | "not_contains":
            return (str(wanted).lower() in str(value or "").lower()) is (operator == "contains")
        case _:
            same = wanted in value if isinstance(value, list) else value == wanted
            return same is (operator != "not_eq")


def _ms(bound: Any) -> int:
    if isinstance(bound, int):
        return bound
    found = bodies.when_ms(str(bound))
    if found is None:
        raise bad_request(f"Invalid value {bound}", {"error": "Bad Request"})
    return found


def _all_of(parts: list[Is]) -> Is:
    return lambda one: all(part(one) for part in parts)


def _one_of(parts: list[Is]) -> Is:
    return lambda one: any(part(one) for part in parts)


def _text(contact: Contact) -> str:
    parts = (contact.full_name, contact.values.get("email"), contact.values.get("phone"))
    return " ".join(part for part in parts if part).lower()


def _invalid(field: str) -> Refusal:
    return bad_request(f"Invalid field {field}", {"error": "Bad Request"})
