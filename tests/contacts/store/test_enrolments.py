"""Who is in which course and on which list, and the jobs by which the platform hears of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from contacts.contact import Person
from contacts.errors import GiveUp
from contacts.store import enrolments, lists, roster
from contacts.store.database import Store
from contacts.store.tables import jobs

HERE = "loc_1"


@pytest.fixture
def ada(store: Store) -> int:
    with store.write() as tx:
        (done,) = roster.upsert(tx, HERE, [Person({"email": "ada@example.org"})], now=0)
    return done.contact


def owed(store: Store) -> list[tuple[str, str, int]]:
    with store.read() as tx:
        rows = tx.execute(select(jobs).order_by(jobs.c.id)).all()
        return [(row.kind, row.location, row.subject) for row in rows]


def test_a_wish_is_one_enrolment_with_one_job(store: Store, ada: int) -> None:
    with store.write() as tx:
        answers = [enrolments.want(tx, ada, "c1", now=n) for n in (5.0, 6.0)]
        (one,) = enrolments.of(tx, ada)

    assert answers == [True, False]
    assert (one.course, one.source, one.at, one.settled_at) == ("c1", "us", 5.0, None)
    assert owed(store) == [("platform.enrol", HERE, one.id)]


def test_somebody_who_is_in_the_course_is_not_enrolled_again(store: Store, ada: int) -> None:
    with store.write() as tx:
        assert enrolments.told(tx, ada, "c1", title="Baking", source="stripe", now=5)
        assert not enrolments.told(tx, ada, "c1", title="Baking II", source="paypal", now=6)
        assert not enrolments.want(tx, ada, "c1", now=7)
        (one,) = enrolments.of(tx, ada)

    assert (one.title, one.source, one.settled_at) == ("Baking II", "stripe", 5.0)
    assert owed(store) == []


def test_nobody_is_enrolled_who_is_not_in_the_roster(store: Store) -> None:
    with store.write() as tx:
        assert not enrolments.want(tx, 99, "c1", now=1)
        assert not lists.want(tx, 99, "weekly", True, now=1)
        with pytest.raises(GiveUp):
            enrolments.load(tx, 99)
        with pytest.raises(GiveUp):
            lists.load(tx, 99)


def test_on_and_off_a_list_is_one_job_with_the_last_wish(store: Store, ada: int) -> None:
    with store.write() as tx:
        said = [lists.want(tx, ada, "weekly", wanted, now=1) for wanted in (True, True, False)]
        (place,) = lists.of(tx, ada)

    assert said == [True, False, True]
    assert (place.wanted, place.agreed) == (False, None)
    assert owed(store) == [("platform.list", HERE, place.id)]


def test_what_the_platform_says_of_a_list_is_agreed(store: Store, ada: int) -> None:
    with store.write() as tx:
        assert lists.told(tx, ada, "weekly", True, now=1)
        assert not lists.told(tx, ada, "weekly", True, now=2)
        assert not lists.want(tx, ada, "weekly", True, now=3)
        (place,) = lists.of(tx, ada)

    assert (place.wanted, place.agreed) == (True, True)
    assert owed(store) == []
