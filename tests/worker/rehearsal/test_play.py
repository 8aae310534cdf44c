"""What is rehearsed is what is done; and whatever else would be done is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contacts.contact import Person
from contacts.jobs import Lane
from contacts.store import database, ledger, plans, roster
from contacts.store.database import Store

pytestmark = pytest.mark.redis


def person(
    email: str, *, tags: tuple[str, ...] = (), off: tuple[str, ...] = (), **more: Any
) -> Person:
    notes = more.pop("notes", ())
    fields = {"email": email, **more}
    return Person(fields, frozenset(tags), frozenset(off), tuple(notes))


ADA = person("ada@example.org", first_name="Ada", city="Oslo", tags=("vip",), notes=("Called.",))
BEN = person("ben@example.org", first_name="Ben", city="Bergen")


def test_a_rehearsal_writes_nothing_anywhere(new_house: Any) -> None:
    house = new_house()
    before = house.rows()

    house.rehearse([ADA, BEN])

    assert house.rows() == before
    assert house.crm.contacts("loc1") == []


def test_new_contacts_cost_what_was_rehearsed(new_house: Any) -> None:
    house = new_house()

    planned = house.rehearse([ADA, BEN])
    done = house.apply(planned, [ADA, BEN])

    assert planned.outcome == done
    assert done.calls == {"contact.create": 2, "contact.note.create": 1}
    assert [one["email"] for one in house.crm.contacts("loc1")] == [
        "ada@example.org",
        "ben@example.org",
    ]


def test_a_change_is_shown_with_what_the_crm_holds(new_house: Any) -> None:
    house = new_house()
    house.apply(house.rehearse([ADA, BEN]), [ADA, BEN])
    moved = person("ada@example.org", city="Tromsø", tags=("new",), off=("vip",))

    (touched,) = house.rehearse([moved]).touched

    assert touched.changes == {
        "city": ("Oslo", "Tromsø"),
        "tag:new": (False, True),
        "tag:vip": (True, False),
    }
    assert touched.calls == {
        "contact.tags.add": 1,
        "contact.tags.remove": 1,
        "contact.update": 1,
    }


def test_somebody_who_is_there_already_is_found_in_the_rehearsal_as_in_the_run(
    new_house: Any,
) -> None:
    house = new_house()
    house.crm.seed(
        "loc1", {"values": {"email": "ada@example.org", "firstName": "Ada", "city": "Rome"}}
    )

    planned = house.rehearse([ADA])
    done = house.apply(planned, [ADA])

    assert planned.outcome == done
    assert done.calls["contact.create"] == 1, "it is refused, which names who is there"
    assert planned.touched[0].changes["city"] == ("Rome", "Oslo")


def test_the_same_file_again_is_planned_to_cost_nothing(new_house: Any) -> None:
    house = new_house()
    house.apply(house.rehearse([ADA]), [ADA])

    planned = house.rehearse([ADA])

    assert (planned.outcome.calls, planned.touched) == ({}, [])


def test_a_write_that_is_not_planned_ends_the_run_before_it_is_sent(new_house: Any) -> None:
    house = new_house()
    planned = house.rehearse([BEN])
    calls = len(house.crm.arrivals("loc1"))

    done = house.apply(planned, [ADA])

    assert done.calls == {}
    assert len(house.crm.arrivals("loc1")) == calls
    assert house.crm.contacts("loc1") == []


def test_a_run_that_is_stopped_says_who_and_what(new_house: Any) -> None:
    house = new_house()
    planned = house.rehearse([BEN])
    other = person("ben@example.org", first_name="Ben", city="Rome")
    house.apply(planned, [other])

    stop = plans.of(house.store, 1)

    assert stop == plans.Stop(1, "city")
    assert [(row.state, row.code) for row in house.shop.rows()] == [("cancelled", "not-planned")]


def test_what_somebody_asks_for_meanwhile_ends_the_run_and_is_done_without_it(
    new_house: Any,
) -> None:
    house = new_house()
    planned = house.rehearse([ADA, BEN])
    run = house.read_in(house.store, [ADA, BEN], planned.touched)
    with house.store.write() as tx:
        edit = person("ben@example.org", city="Rome")
        (done,) = roster.upsert(tx, "loc1", [edit], now=house.shop.clock(), news=True)
        wishes = roster.wishes("loc1", [done], lane=Lane.LIVE)
        ledger.put(tx, wishes, now=house.shop.clock())

    house.work()

    assert plans.of(house.store, run) == plans.Stop(2, "city")
    assert [(one["email"], one["city"]) for one in house.crm.contacts("loc1")] == [
        ("ben@example.org", "Rome")
    ]
    states = {(row.kind, row.contact, row.state) for row in house.shop.rows()}
    assert {state for _, contact, state in states if contact == 1} == {"cancelled"}


def test_what_a_stopped_run_owed_is_done_by_the_next_plan(new_house: Any) -> None:
    house = new_house()
    house.apply(house.rehearse([BEN]), [ADA])

    planned = house.rehearse([ADA, BEN])
    done = house.apply(planned, [ADA, BEN])

    assert planned.outcome == done
    assert len(house.crm.contacts("loc1")) == 2


def test_a_walk_is_planned_as_it_is_done(new_house: Any) -> None:
    house = new_house()
    people = [person(f"p{n}@example.org", city="Oslo") for n in range(4)]
    house.apply(house.rehearse(people), people)
    first = house.crm.contacts("loc1")[0]["id"]
    house.crm.seed("loc1", {"values": {"email": "new@example.org", "firstName": "New"}})
    house.crm.delete("loc1", [first])
    house.shop.clock.tick(1000)

    planned = house.rehearse_walk()
    done = house.apply_walk(planned)

    assert planned.outcome == done
    assert planned.asked == {"delete": 1}


@pytest.fixture
def on_postgres(empty_postgres: str, clock: Any) -> Iterator[Store]:
    opened = database.open_store(empty_postgres, clock=clock)
    yield opened
    opened.close()


@pytest.mark.postgres
def test_on_postgresql_a_change_of_who_is_linked_is_planned_as_it_is_done(
    new_house: Any, on_postgres: Store
) -> None:
    house = new_house(on_postgres)
    house.apply(house.rehearse([ADA, BEN]), [ADA, BEN])
    moved = person("ada@example.org", city="Tromsø", tags=("new",), off=("vip",), notes=("Paid.",))
    before = house.rows()

    planned = house.rehearse([moved, BEN])
    assert house.rows() == before
    done = house.apply(planned, [moved, BEN])

    assert planned.outcome == done
    assert done.calls == {
        "contact.note.create": 1,
        "contact.tags.add": 1,
        "contact.tags.remove": 1,
        "contact.update": 1,
    }
    ada, _ = house.crm.contacts("loc1")
    assert (ada["city"], ada["tags"]) == ("Tromsø", ["new"])
    planned = house.rehearse_walk()
    assert planned.outcome == house.apply_walk(planned)
