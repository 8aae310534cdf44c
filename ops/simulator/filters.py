"""The filters of a search: a field, an operator and a value, in groups; all of them must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ops.simulator import bodies
from ops.simulator.refusals import Refusal, bad_request, unprocessable
from ops.simulator.world import Contact

ADDED, UPDATED = "dateAdded", "dateUpdated"
LONGEST: Final = 75
"""Characters of a value, and of a search's ``query``."""

DEEPEST: Final = 20
"""Groups in groups: a guess, so that nobody can exhaust the stack."""

Is = Callable[[Contact], bool]
Read = Callable[[Contact], Any]


def _dnd(channel: str, kind: str = "dndSettings") -> Read:
    return lambda one: ((one.values.get(kind) or {}).get(channel) or {}).get("status")


VALUES: Final[dict[str, Read]] = {
    "email": lambda one: one.values.get("email"),
    "phone": lambda one: one.values.get("phone"),
    "firstNameLowerCase": lambda one: str(one.values.get("firstName") or "").lower(),
    "lastNameLowerCase": lambda one: str(one.values.get("lastName") or "").lower(),
    "assignedTo": lambda one: one.values.get("assignedTo"),
    "dnd": lambda one: bool(one.values.get("dnd")),
    "tags": lambda one: list(one.tags),
    ADDED: lambda one: one.added_ms,
    UPDATED: lambda one: one.updated_ms,
    # Since June 2026 (highlevel-api-docs#279).
    "dndSettings.Email.status": _dnd("Email"),
    "dndSettings.SMS.status": _dnd("SMS"),
    "dndSettings.Call.status": _dnd("Call"),
    "inboundDndSettings.all.status": _dnd("all", "inboundDndSettings"),
}
_OPERATORS: Final = (
    "eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range",
)  # fmt: skip


def parsed(one: Any, depth: int = 0) -> Is:
    """A filter or a group of them as a test of a contact.

    Raises:
        Refusal: 400 for a field or value that is none, 422 for what is no filter.
    """
    if not isinstance(one, dict) or depth > DEEPEST:
        raise unprocessable(["each value in nested property filters must be an object"])
    if "group" in one:
        parts = one.get("filters") or []
        if one["group"] not in ("AND", "OR") or not isinstance(parts, list):
            raise unprocessable(["group must be one of the following values: AND, OR"])
        inner = [parsed(each, depth + 1) for each in parts]
        return all_of(inner) if one["group"] == "AND" else _one_of(inner)
    field, operator, wanted = str(one.get("field")), str(one.get("operator")), one.get("value")
    read = _reader(field)
    if operator not in _OPERATORS:
        allowed = ", ".join(_OPERATORS)
        raise unprocessable([f"operator must be one of the following values: {allowed}"])
    if isinstance(wanted, str) and len(wanted) > LONGEST:
        raise unprocessable([f"value must be shorter than or equal to {LONGEST} characters"])
    if operator == "range":
        if not isinstance(wanted, dict):
            raise unprocessable(["value must be an object"])
        wanted = {name: _ms(bound) for name, bound in wanted.items()}
    return lambda contact: _holds(read(contact), operator, wanted)


def _reader(field: str) -> Read:
    if field.startswith("customFields."):
        id = field.removeprefix("customFields.")
        return lambda contact: contact.custom.get(id)
    if field in VALUES:
        return VALUES[field]
    raise invalid(field)


def _holds(value: Any, operator: str, wanted: Any) -> bool:
    match operator:
        case "exists" | "not_exists":
            return (value not in (None, "", [])) is (operator == "exists")
        case "range":
            return isinstance(value, int) and _within(value, wanted)
        case "contains" | "not_contains":
            return (str(wanted).lower() in str(value or "").lower()) is (operator == "contains")
        case _:
            same = wanted in value if isinstance(value, list) else value == wanted
            return same is (operator != "not_eq")


def _within(value: int, bounds: Mapping[str, int]) -> bool:
    least, most = bounds.get("gte", value), bounds.get("lte", value)
    above, below = bounds.get("gt", value - 1), bounds.get("lt", value + 1)
    return least <= value <= most and above < value < below


def _ms(bound: Any) -> int:
    if isinstance(bound, int):
        return bound
    found = bodies.when_ms(str(bound))
    if found is None:
        raise bad_request(f"Invalid value {bound}", {"error": "Bad Request"})
    return found


def place(after: list[Any]) -> tuple[float, str]:
    """``searchAfter`` of a row: its sort value and its id.

    Raises:
        Refusal: 400 if it is none.
    """
    if len(after) == 2 and bodies.number("", after[0]) is None and isinstance(after[1], str):
        return after[0], after[1]
    raise bad_request("Invalid searchAfter", {"error": "Bad Request"})


def all_of(parts: list[Is]) -> Is:
    """All of these tests hold; of none, always."""
    return lambda one: all(part(one) for part in parts)


def _one_of(parts: list[Is]) -> Is:
    return lambda one: any(part(one) for part in parts)


def invalid(field: str) -> Refusal:
    """A field that the search does not know (#289)."""
    return bad_request(f"Invalid field {field}", {"error": "Bad Request"})
