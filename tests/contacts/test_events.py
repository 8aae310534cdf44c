"""What a webhook says is read as far as it can be; what cannot be used is refused with a reason."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contacts import events

NOW = 1_800_000_000.0
AT = "2026-11-23T10:00:00.250Z"
CONTACT: dict[str, Any] = {
    "type": "ContactUpdate", "locationId": "loc1", "id": "c1", "webhookId": "wh1", "timestamp": AT,
}  # fmt: skip


def body(**changed: Any) -> bytes:
    found = {**CONTACT, **changed}
    return orjson.dumps({name: value for name, value in found.items() if value is not None})


def test_an_event_of_a_contact_names_it_and_its_time() -> None:
    event = events.read(body(firstName="Ada"), now=NOW)

    assert (event.id, event.type, event.location, event.contact) == (
        "wh1", "ContactUpdate", "loc1", "c1",
    )  # fmt: skip
    assert event.at == 1_795_428_000.25
    assert event.payload["firstName"] == "Ada"


def test_an_event_of_a_note_names_the_note_and_its_contact() -> None:
    event = events.read(body(type="NoteCreate", id="n1", contactId="c1"), now=NOW)

    assert (event.contact, event.thing) == ("c1", "n1")


def test_an_event_of_an_opportunity_need_not_name_its_contact() -> None:
    named = events.read(body(type="OpportunityCreate", id="o1", contactId="c1"), now=NOW)
    unnamed = events.read(body(type="OpportunityStageUpdate", id="o1"), now=NOW)

    assert (named.contact, named.thing) == ("c1", "o1")
    assert (unnamed.contact, unnamed.thing) == ("", "o1")


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"event": "paid"}, "paid"),
        ({"customData": {"event": " it is  paid "}}, "it is paid"),
        ({"event": 3}, ""),
        ({"customData": "x", "event": "x" * 65}, ""),
        ({}, ""),
    ],
)
def test_a_workflow_may_name_its_event(more: dict[str, Any], name: str) -> None:
    raw = orjson.dumps({"contact_id": "c1"} | more)

    assert events.read_workflow(raw, id="w1", location="loc1", now=NOW).thing == name


@pytest.mark.parametrize("stamp", [None, "yesterday", 17, ""])
def test_without_a_time_it_is_taken_to_be_of_now(stamp: Any) -> None:
    assert events.read(body(timestamp=stamp), now=NOW).at == NOW


def test_a_time_without_a_zone_is_utc() -> None:
    assert events.seconds("2026-11-23T10:00:00") == events.seconds("2026-11-23T11:00:00+01:00")


def test_without_an_id_the_same_body_has_the_same_one() -> None:
    first, again, other = (
        events.read(body(webhookId=None, city=city), now=NOW).id for city in ("A", "A", "B")
    )

    assert first == again != other
    assert len(first) <= 64


@pytest.mark.parametrize("type", [*sorted(events.COUNTED), "SomethingNew", "UNINSTALL"])
def test_of_other_types_nothing_is_asked(type: str) -> None:
    assert events.read(orjson.dumps({"type": type}), now=NOW).contact == ""


def test_no_type_is_both_counted_and_acted_upon() -> None:
    assert not events.COUNTED & events.HEEDED


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"", "is not JSON", id="empty"),
        pytest.param(b"{", "is not JSON", id="cut short"),
        pytest.param(b"\xff\xfe", "is not JSON", id="no UTF-8"),
        pytest.param(b"[]", "is not a JSON object", id="a list"),
        pytest.param(b"{}", "names no type", id="no type"),
        pytest.param(body(id=None), "names no id", id="no contact"),
        pytest.param(body(locationId=None), "names no locationId", id="no location"),
        pytest.param(body(type="NoteCreate"), "names no contactId", id="a note of nobody"),
        pytest.param(body(id=7), "id is not a text", id="a number for an id"),
        pytest.param(body(id="x" * 65), "id is not a text of at most 64", id="an endless id"),
        pytest.param(body(webhookId={}), "webhookId is not a text", id="an object for an id"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        events.read(raw, now=NOW)


def test_a_reason_repeats_nothing_of_the_body() -> None:
    with pytest.raises(ValueError, match="id") as refused:
        events.read(body(id="ada@example.com " * 9), now=NOW)

    assert "ada" not in str(refused.value)


def test_characters_that_no_database_keeps_are_taken_out() -> None:
    event = events.read(body(city="Lon\x00don", tags=["a\x00"], escaped="\\u0000"), now=NOW)

    assert (event.payload["city"], event.payload["tags"]) == ("London", ["a"])
    assert event.payload["escaped"] == "\\u0000"


# ---------------------------------------------------------------- workflows


@pytest.mark.parametrize("name", ["contact_id", "contactId", "id"])
def test_a_workflow_may_name_the_contact_in_each_usual_way(name: str) -> None:
    event = events.read_workflow(orjson.dumps({name: "c1"}), id="w1", location="loc1", now=NOW)

    assert (event.contact, event.location, event.type) == ("c1", "loc1", events.WORKFLOW)


@pytest.mark.parametrize("named", [{"locationId": "loc2"}, {"location": {"id": "loc2"}}])
def test_a_workflow_may_name_its_location(named: dict[str, Any]) -> None:
    raw = orjson.dumps({"contact_id": "c1", **named})

    assert events.read_workflow(raw, id="w1", location="loc1", now=NOW).location == "loc2"


@pytest.mark.parametrize(
    ("raw", "location", "reason"),
    [
        pytest.param(b'{"email": "x"}', "loc1", "names no contact", id="nobody"),
        pytest.param(b'{"contact_id": "c1"}', "", "names no locationId", id="nowhere"),
        pytest.param(b"contact_id=c1", "loc1", "is not JSON", id="a form"),
    ],
)
def test_a_workflow_that_cannot_be_used_is_refused(raw: bytes, location: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        events.read_workflow(raw, id="w1", location=location, now=NOW)


@pytest.mark.parametrize("more", [b"", b'"nul": "\\u0000",'], ids=["plain", "with a NUL"])
@pytest.mark.parametrize("levels", [200, 500, 1000])
def test_what_is_wrapped_too_deeply_to_be_kept_is_refused(levels: int, more: bytes) -> None:
    raw = b'{"type":"ContactUpdate","locationId":"l","id":"c",' + more + b'"x":'
    with pytest.raises(ValueError, match="wrapped too deeply"):
        events.read(raw + b"[" * levels + b"]" * levels + b"}", now=NOW)


def test_a_body_of_some_levels_is_taken() -> None:
    raw = b'{"type":"ContactUpdate","locationId":"l","id":"c","x":' + b"[" * 90 + b"]" * 90 + b"}"
    assert events.read(raw, now=NOW).contact == "c"


def test_a_name_of_a_property_keeps_no_nul() -> None:
    raw = b'{"type":"ContactUpdate","locationId":"l","id":"c","a\\u0000b":{"\\u0000":"x\\u0000"}}'
    payload = events.read(raw, now=NOW).payload
    assert payload["ab"] == {"": "x"}
