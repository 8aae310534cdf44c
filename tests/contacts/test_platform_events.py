"""What the bodies of a platform's hooks are taken for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.platform_events import PlatformEvent, read
from contacts.platforms import Event

NOW = 1_800_000_000.0
ENROLLED = {
    "email": "ada@example.org", "courseId": "c1", "courseTitle": "Baking", "source": "stripe",
}  # fmt: skip


def events(
    body: Any, type: Event = Event.ENROLMENT, *, kind: str = "application/json", now: float = NOW
) -> list[PlatformEvent]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return read(raw, content_type=kind, type=type, location="loc1", now=now)


SHAPES = [
    pytest.param(ENROLLED, id="flat"),
    pytest.param({"data": ENROLLED}, id="under data"),
    pytest.param({"payload": {"body": ENROLLED}}, id="wrapped twice"),
    pytest.param([ENROLLED], id="a list"),
    pytest.param({"Data": [ENROLLED], "hook": {"id": 7}}, id="a list in a wrapper"),
    pytest.param({"payload": orjson.dumps(ENROLLED).decode()}, id="JSON within JSON"),
    pytest.param(
        {"student_email": "ada@example.org", "course_id": "c1", "Course Title": "Baking",
         "source": "stripe"},
        id="other spellings",
    ),
    pytest.param(
        {"user": {"email": "ada@example.org"}, "course": {"id": "c1", "title": "Baking"},
         "source": "stripe"},
        id="nested",
    ),
]  # fmt: skip


@pytest.mark.parametrize("body", SHAPES)
def test_an_enrolment_is_understood_in_every_shape(body: Any) -> None:
    (event,) = events(body)

    found = {name: event.values[name] for name in ("email", "course_id", "course", "source")}
    assert found == {
        "email": "ada@example.org", "course_id": "c1", "course": "Baking", "source": "stripe",
    }  # fmt: skip


@pytest.mark.parametrize("body", SHAPES)
def test_one_enrolment_has_one_key_in_every_shape(body: Any) -> None:
    assert events(body)[0].key == events(ENROLLED)[0].key


def test_a_form_is_understood() -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"

    (event,) = events(urlencode(ENROLLED).encode(), kind=form)

    assert (event.values["course_id"], event.key) == ("c1", events(ENROLLED)[0].key)


def test_unknown_values_are_kept() -> None:
    (event,) = events({**ENROLLED, "coupon": "SPRING", "extra": {"a": [1]}})

    assert event.payload["extra"] == {"a": [1]}
    assert event.values["coupon"] == "SPRING"


def test_a_list_is_as_many_events() -> None:
    found = events([{"email": f"a{n}@example.org"} for n in range(3)], Event.ACCOUNT)

    assert len({event.key for event in found}) == 3


def test_the_same_on_the_next_day_knows_the_key_of_the_day_before() -> None:
    (first,), (second,) = events(ENROLLED), events(ENROLLED, now=NOW + 86_400)

    assert second.before == first.key != second.key


def test_two_events_of_one_id_have_one_key_whatever_the_day() -> None:
    with_id = {**ENROLLED, "eventId": "e1"}

    assert events(with_id)[0].key == events(with_id, now=NOW + 9e6)[0].key


def test_types_locations_people_and_courses_have_keys_of_their_own() -> None:
    keys = {
        events(ENROLLED)[0].key,
        events(ENROLLED, Event.ACCOUNT)[0].key,
        events({**ENROLLED, "courseId": "c2"})[0].key,
        events({**ENROLLED, "email": "bob@example.org"})[0].key,
    }

    assert len(keys) == 4


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"{", "neither JSON nor a form"),
        (b'{"email": "a@b.co", "x": ' + b"[" * 500 + b"]" * 500 + b"}", "wrapped too deeply"),
        (orjson.dumps({"data": '{"email": "a@b.co", "x": ' + "[" * 500 + "]" * 500 + "}"}),
         "wrapped too deeply"),
        (b"\xff\xfe", "neither JSON nor a form"),
        (b"[]", "holds no event"),
        (b"17", "holds no event"),
        (b"{}", "names no email"),
        (b'{"email": "  "}', "names no email"),
        (b'{"email": "nobody"}', "email is not"),
        (b'{"email": "a@example.org"}', "names no courseId"),
        (orjson.dumps({"email": "a@example.org", "courseId": "x" * 129}), "longer than 128"),
        (b'{"data":' * 8 + b"{}" + b"}" * 8, "too deeply"),
        (orjson.dumps([{"email": f"a{n}@example.org", "courseId": "1"} for n in range(501)]),
         "more than 500"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_without_a_value(body: bytes, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        events(body)

    assert "nobody" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"email": "a@example.org", "name": "A\\u0000da"}', "application/json"),
        (b"email=a%40example.org&name=A%00da", "application/x-www-form-urlencoded"),
        (orjson.dumps({"data": '{"email": "a@example.org", "name": "A\\u0000da"}'}), ""),
    ],
    ids=["JSON", "form", "JSON within JSON"],
)
def test_a_character_that_no_database_keeps_is_left_out(body: bytes, kind: str) -> None:
    (event,) = events(body, Event.ACCOUNT, kind=kind)

    assert event.values["name"] == "Ada"
    assert event.payload["name"] == "Ada"


def test_an_escaped_backslash_is_no_such_character() -> None:
    (event,) = events(b'{"email": "a@example.org", "name": "A\\\\u0000"}', Event.ACCOUNT)

    assert event.values["name"] == "A\\u0000"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["email", "data", "payload", "courseId", "user", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_nobody_can_send_what_breaks_it(body: Any) -> None:
    try:
        found = events(orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATACLASS))
    except (ValueError, TypeError):
        return
    assert all(event.values["email"] for event in found)
