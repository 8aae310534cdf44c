"""Random people, tags and notes, over a CRM in which people work too: a plan is what is done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import plans
from contacts.contact import Person
from tests.conftest import examples

pytestmark = pytest.mark.redis

EMAILS = [f"p{n}@example.org" for n in range(4)]
PHONES = [f"+1202200000{n}" for n in range(3)]
CITIES = ["Oslo", "Bergen", "Rome"]
TAGS = ["vip", "new", "old"]


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    """A file: each person once by email; phones may be those of others."""
    found = []
    for email in draw(st.lists(st.sampled_from(EMAILS), min_size=1, max_size=4, unique=True)):
        fields: dict[str, Any] = {"email": email}
        if draw(st.booleans()):
            fields["city"] = draw(st.sampled_from(CITIES))
        if draw(st.booleans()):
            fields["first_name"] = draw(st.sampled_from(["Ada", "Ben", "Zoë"]))
        if draw(st.booleans()):
            fields["phone"] = draw(st.sampled_from(PHONES))
        if draw(st.booleans()):
            fields["custom.level"] = draw(st.sampled_from(["A1", "B2"]))
        on = draw(st.sets(st.sampled_from(TAGS), max_size=2))
        off = draw(st.sets(st.sampled_from(TAGS), max_size=1)) - on
        notes = draw(st.lists(st.sampled_from(["Called.", "Paid."]), max_size=2, unique=True))
        found.append(Person(fields, frozenset(on), frozenset(off), tuple(notes)))
    return found


@st.composite
def edits(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What people of the CRM do, by number of the contact that they do it to."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "place": st.integers(0, 3),
                    "city": st.sampled_from(CITIES),
                    "tags": st.lists(st.sampled_from(TAGS), max_size=2, unique=True),
                    "delete": st.integers(0, 5).map(lambda n: n == 0),
                }
            ),
            max_size=3,
        )
    )


def edit(house: Any, wanted: list[dict[str, Any]]) -> None:
    for one in wanted:
        there = house.crm.contacts("loc1")
        if not there:
            values = {"email": EMAILS[one["place"]], "city": one["city"]}
            house.crm.seed("loc1", {"values": values, "tags": one["tags"]})
            continue
        found = there[one["place"] % len(there)]
        if one["delete"]:
            house.crm.delete("loc1", [found["id"]])
        else:
            values = {"city": one["city"]}
            house.crm.seed("loc1", {"id": found["id"], "values": values, "tags": one["tags"]})


@settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(before=people(), there=edits(), file=people())
def test_on_an_unchanged_crm_calls_and_fields_are_those_planned(
    new_house: Any, before: list[Person], there: list[dict[str, Any]], file: list[Person]
) -> None:
    house = new_house()
    edit(house, there[:1])
    house.apply(house.rehearse(before), before)
    house.shop.clock.tick(1000)
    edit(house, there[1:])
    house.shop.clock.tick(1000)
    rows = house.rows()

    planned = house.rehearse(file)
    again = house.rehearse(file)

    assert house.rows() == rows, "two plans leave the database as it was"
    assert plans.differences(planned.touched, again.touched) == []
    assert house.apply(planned, file) == planned.outcome


@settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(file=people(), other=people())
def test_of_another_file_nothing_is_written_that_was_not_planned(
    new_house: Any, file: list[Person], other: list[Person]
) -> None:
    house = new_house()
    planned = house.rehearse(file)

    house.apply(planned, other)

    allowed = {(key, name, mark) for t in planned.touched for key in t.keys
               for name, mark in t.pieces.items()}  # fmt: skip
    for one in house.crm.contacts("loc1"):
        (key,) = plans.person_keys(one["email"], None)
        assert (key, "email", plans.mark(one["email"])) in allowed
        for tag in one["tags"]:
            assert (key, f"tag:{tag}", plans.mark(True)) in allowed
        if one.get("city"):
            assert (key, "city", plans.mark(one["city"])) in allowed
