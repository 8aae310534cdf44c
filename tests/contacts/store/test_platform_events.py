"""What follows from what the platform tells, once for each event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from contacts import platform_events as told
from contacts.platforms import Consequence, Event, Kind, Platform
from contacts.store import enrolments, inbox, lists, platform_events, platforms
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import contacts, jobs, locations, notes, tags

KEY = b"Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="
HERE = "loc1"
PLATFORM = Platform(
    Kind.COURSEHOST,
    "https://api.example.org",
    events={
        "enrolment": Consequence(
            tags=("student", "course: {course}", "coupon {coupon}"),
            notes=("Enrolled in {course} ({source})",),
        ),
        "newsletter": Consequence(tags=("newsletter",), list="weekly"),
    },
)


@pytest.fixture(autouse=True)
def connected(store: Store) -> None:
    with store.write() as tx:
        tx.execute(locations.insert().values(id=HERE, country="US"))
        platforms.connect(tx, HERE, PLATFORM, secret=None, cipher=Cipher(KEY), now=0)


def event(type: Event = Event.ENROLMENT, *, now: float = 1_800_000_000.0, **more: Any) -> Any:
    found = {"email": "Ada@Example.org", "courseId": "c1", "courseTitle": "Baking Bread",
             "source": "stripe"} | more  # fmt: skip
    (one,) = told.read(orjson.dumps(found), content_type="", type=type, location=HERE, now=now)
    return one


def receive(store: Store, *events: Any) -> int:
    with store.write() as tx:
        return platform_events.receive(tx, events, now=store.clock(), country="US")


def count(store: Store, table: Any) -> int:
    with store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def kinds(store: Store) -> list[str]:
    with store.read() as tx:
        return sorted(tx.execute(select(jobs.c.kind).where(jobs.c.state == "waiting")).scalars())


def test_an_enrolment_is_a_contact_in_a_course_with_tags_and_a_note(store: Store) -> None:
    assert receive(store, event()) == 1

    with store.read() as tx:
        (row,) = tx.execute(select(contacts)).all()
        (enrolment,) = enrolments.of(tx, row.id)
        body = tx.execute(select(notes.c.body)).scalar_one()
        found = set(tx.execute(select(tags.c.tag)).scalars())
    assert (row.location, row.email) == (HERE, "ada@example.org")
    assert (enrolment.course, enrolment.title, enrolment.source) == ("c1", "Baking Bread", "stripe")
    assert enrolment.settled_at == store.clock()
    assert body == "Enrolled in Baking Bread (stripe)"
    assert found == {"student", "course: baking bread"}
    assert kinds(store) == ["contact.note", "contact.push", "contact.tag"]


def test_the_same_event_again_does_nothing(store: Store) -> None:
    receive(store, event(), event())
    assert receive(store, event(), event(source="paypal")) == 0

    assert count(store, contacts) == 1
    assert count(store, notes) == 1
    assert len(kinds(store)) == 3


def test_over_midnight_it_is_still_the_same_event(store: Store, clock: Any) -> None:
    receive(store, event(now=clock.now))
    clock.tick(80_000)

    assert receive(store, event(now=clock.now)) == 0


def test_days_later_it_is_another_one(store: Store, clock: Any) -> None:
    receive(store, event(now=clock.now))
    clock.tick(3 * 86_400)

    assert receive(store, event(now=clock.now)) == 1


def test_an_event_that_comes_again_gives_no_tag_back_that_somebody_took_off(
    store: Store,
) -> None:
    receive(store, event())
    with store.write() as tx:
        tx.execute(tags.update().values(wanted=False, agreed=False))

    receive(store, event())

    with store.read() as tx:
        assert not any(tx.execute(select(tags.c.wanted)).scalars())


def test_a_second_course_is_a_second_event(store: Store) -> None:
    assert receive(store, event(), event(courseId="c2", courseTitle="Knitting")) == 2

    with store.read() as tx:
        (row,) = tx.execute(select(contacts)).all()
        assert [one.course for one in enrolments.of(tx, row.id)] == ["c1", "c2"]


def test_a_newsletter_puts_on_the_list_that_the_mapping_names(store: Store) -> None:
    receive(store, event(Event.NEWSLETTER))

    with store.read() as tx:
        (row,) = tx.execute(select(contacts)).all()
        (place,) = lists.of(tx, row.id)
    assert (place.list, place.wanted, place.agreed) == ("weekly", True, True)


def test_an_account_is_a_contact_and_nothing_more(store: Store) -> None:
    receive(store, event(Event.ACCOUNT))

    assert kinds(store) == ["contact.push"]


def test_the_mapping_may_be_silent(store: Store) -> None:
    with store.write() as tx:
        platforms.disconnect(tx, HERE)

    assert receive(store, event()) == 1
    assert kinds(store) == ["contact.push"]


def test_an_enrolment_that_we_wished_for_is_settled_by_its_event(store: Store) -> None:
    receive(store, event(Event.ACCOUNT))
    with store.write() as tx:
        (row,) = tx.execute(select(contacts)).all()
        enrolments.want(tx, row.id, "c1", now=1)

    receive(store, event())

    with store.read() as tx:
        (one,) = enrolments.of(tx, row.id)
    assert (one.source, one.settled_at, one.title) == ("us", store.clock(), "Baking Bread")


def test_events_are_counted_with_the_webhooks(store: Store) -> None:
    receive(store, event(), event(Event.ACCOUNT))

    assert [(one.type, one.events) for one in inbox.tallies(store)] == [
        ("platform.account", 1),
        ("platform.enrolment", 1),
    ]


def test_a_location_that_is_not_known_is_left_alone(store: Store) -> None:
    assert receive(store, replace(event(), location="elsewhere")) == 0
    assert count(store, contacts) == 0


def test_what_came_is_kept_with_its_unknown_values(store: Store) -> None:
    receive(store, event(coupon="SPRING"))

    with store.read() as tx:
        (row,) = tx.execute(select(contacts)).all()
        (heard,) = platform_events.of(tx, row.id)
    assert (heard.type, heard.payload["coupon"]) == ("enrolment", "SPRING")


def test_old_events_are_forgotten(store: Store, clock: Any) -> None:
    receive(store, event())
    clock.tick(100)

    assert platform_events.prune(store, older_than_s=50) == 1
    assert platform_events.prune(store, older_than_s=50) == 0
