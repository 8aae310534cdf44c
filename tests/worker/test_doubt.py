"""A create whose answer was lost takes effect late: what is there twice is found, and one goes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from contacts.jobs import Kind
from contacts.store import cards, contact_tasks, doubts, ledger, notebook
from contacts.store.tables import contacts
from contacts.store.tables import doubts as doubts_table

HERE, ADA = "loc1", "ada@example.org"
NOTE, TASK, CREATE = (
    "POST /contacts/{id}/notes", "POST /contacts/{id}/tasks", "POST /contacts/",
)  # fmt: skip
LATE = {"kind": "drop", "when": "late", "late_ms": 60_000}


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Any:
    return simulator(clock=clock)


def theirs(crm: Any) -> dict[str, Any]:
    (found,) = crm.contacts(HERE)
    return dict(found)


def bodies(crm: Any) -> list[str]:
    return [one["body"] for one in theirs(crm)["notes"]]


def reads(crm: Any) -> int:
    return sum(n for name, n in crm.report()["by_operation"].items() if name.startswith("GET"))


def late(shop: Any, crm: Any, operation: str) -> None:
    """The next such call takes effect within a minute, unseen; what waits then is worked."""
    crm.fault(times=1, operations=[operation], **LATE)
    shop.work()
    shop.clock.tick(20)  # the backoff is shorter
    shop.work()


def settle(shop: Any) -> None:
    shop.clock.tick(120)
    shop.work()


def held_ids(shop: Any, contact: int) -> set[str | None]:
    with shop.store.read() as tx:
        return {one.remote_id for one in notebook.of(tx, contact)}


def in_doubt(shop: Any) -> int:
    with shop.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(doubts_table)).scalar_one())


# ---------------------------------------------------------------- notes


def test_a_note_that_comes_late_beside_the_second_one_is_removed(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    late(live_shop, crm, NOTE)
    (kept,) = held_ids(live_shop, ada)
    before = reads(crm)
    live_shop.clock.tick(60)
    assert bodies(crm) == ["Enrolled in Bread"] * 2

    settle(live_shop)

    (left,) = theirs(crm)["notes"]
    assert left["id"] == kept
    assert held_ids(live_shop, ada) == {kept}
    assert reads(crm) == before + 1
    assert in_doubt(live_shop) == 0


def test_a_note_of_a_person_in_the_same_words_is_left_alone(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    late(live_shop, crm, NOTE)
    body = {"body": "Enrolled in Bread", "userId": "usr_maria"}
    httpx.post(
        f"{crm.url}/contacts/{theirs(crm)['id']}/notes",
        json=body,
        headers={"Version": "2021-07-28", "Authorization": "Bearer pit-secret"},
    ).raise_for_status()
    live_shop.clock.tick(60)
    assert len(bodies(crm)) == 3

    settle(live_shop)

    assert sorted(str(one.get("userId")) for one in theirs(crm)["notes"]) == ["None", "usr_maria"]


def test_where_a_person_removed_the_one_that_we_know_the_other_takes_its_place(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    late(live_shop, crm, NOTE)
    (known,) = held_ids(live_shop, ada)
    live_shop.clock.tick(60)
    crm.seed(HERE, {"id": theirs(crm)["id"], "edited": {known: None}})

    settle(live_shop)

    (left,) = theirs(crm)["notes"]
    assert left["id"] != known
    assert held_ids(live_shop, ada) == {left["id"]}


def test_a_lost_answer_that_was_found_needs_no_second_look(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA)
    live_shop.work()
    crm.fault("drop", when="after", times=1, operations=[NOTE])
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    live_shop.work()
    settle(live_shop)
    settle(live_shop)

    assert bodies(crm) == ["Enrolled in Bread"]
    assert not [row for row in live_shop.rows() if row.kind == Kind.DOUBT]


def test_nothing_of_the_contact_waits_for_the_second_look(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    late(live_shop, crm, NOTE)

    live_shop.person(ADA, first_name="Augusta")

    assert live_shop.work() == ["done"]
    assert in_doubt(live_shop) == 1


def test_a_contact_that_is_gone_meanwhile_has_nothing_twice(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    late(live_shop, crm, NOTE)
    crm.delete(HERE)

    settle(live_shop)

    assert in_doubt(live_shop) == 0
    assert not [row for row in live_shop.rows() if row.state == "parked"]


# ---------------------------------------------------------------- tasks


def test_a_task_that_comes_late_is_removed(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA)
    live_shop.work()
    with live_shop.store.write() as tx:
        now = live_shop.clock()
        contact_tasks.want(tx, ada, title="Call", body="", due_at=now + 86_400, key="call", now=now)
    late(live_shop, crm, TASK)
    live_shop.clock.tick(60)
    assert len(theirs(crm)["tasks"]) == 2

    settle(live_shop)

    assert len(theirs(crm)["tasks"]) == 1
    assert in_doubt(live_shop) == 0


# ---------------------------------------------------------------- contacts


@pytest.fixture
def twins(simulator: Any, clock: Any) -> Any:
    """A location that allows two contacts with one email."""
    return simulator(clock=clock, locations=[{"id": HERE, "allow_duplicates": True}])


@pytest.fixture
def wary(sqlite_store: Any, open_shop: Any, twins: Any) -> Any:
    """A worker that asks the location whether it allows them."""
    shop = open_shop(sqlite_store, twins)
    shop.bench.doubles.clear()
    return shop


def test_where_doubles_are_allowed_a_contact_that_comes_late_is_removed(
    wary: Any, twins: Any
) -> None:
    shop = wary
    ada = shop.person(ADA, first_name="Ada")
    late(shop, twins, CREATE)
    shop.clock.tick(60)
    assert len(twins.contacts(HERE)) == 2
    with shop.store.read() as tx:
        kept = cards.load(tx, ada).remote_id

    settle(shop)

    assert [one["id"] for one in twins.contacts(HERE)] == [kept]


def test_a_second_contact_that_somebody_touched_is_left_alone(wary: Any, twins: Any) -> None:
    shop = wary
    shop.person(ADA, first_name="Ada")
    late(shop, twins, CREATE)
    shop.clock.tick(60)
    for one in twins.contacts(HERE):
        twins.seed(HERE, {"id": one["id"], "tags": ["vip"]})

    settle(shop)

    assert len(twins.contacts(HERE)) == 2


def test_where_they_are_not_allowed_the_crm_refuses_the_late_one_and_nobody_looks(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA, first_name="Ada")
    late(live_shop, crm, CREATE)
    settle(live_shop)

    assert len(crm.contacts(HERE)) == 1
    assert not [row for row in live_shop.rows() if row.kind == Kind.DOUBT]


# ---------------------------------------------------------------- the store


def test_a_doubt_is_due_once_and_a_newer_one_later(store: Any, shop: Any) -> None:
    shop.person(ADA)
    with store.read() as tx:
        ada = tx.execute(select(contacts.c.id)).scalar_one()
    (ticket,) = shop.release()
    job = ledger.claim(store, ticket, worker="w", lease_s=60)
    now = store.clock()
    with store.write() as tx:
        doubts.owe(tx, job, doubts.What.NOTE, 7, late_s=75, now=now)
        doubts.owe(tx, job, doubts.What.TASK, 8, late_s=75, now=now + 50)
    with store.write() as tx:
        assert doubts.due(tx, ada, now=now + 74) == []
        (first,) = doubts.due(tx, ada, now=now + 75)
        assert (first.what, first.thing) == (doubts.What.NOTE, 7)
        doubts.settle(tx, HERE, ada, [first], now=now + 75)
        (second,) = doubts.due(tx, ada, now=now + 125)
        assert second.what is doubts.What.TASK


# ---------------------------------------------------------------- refusals that were none

LIE = {"kind": "error", "when": "after", "status": 422, "message": "Unprocessable Entity"}


@pytest.mark.parametrize("operation", [CREATE, "PUT /contacts/{id}", NOTE])
def test_a_422_for_what_was_done_is_looked_at_and_counts_as_done(
    live_shop: Any, crm: Any, operation: str
) -> None:
    if operation != CREATE:
        live_shop.person(ADA, city="Bonn")
        live_shop.work()
    crm.fault(times=1, operations=[operation], **LIE)
    live_shop.person(ADA, city="Trier", notes=["Enrolled in Bread"])

    assert set(live_shop.work()) == {"done"}

    assert theirs(crm)["city"] == "Trier"
    assert bodies(crm) == ["Enrolled in Bread"]


@pytest.mark.parametrize("operation", [CREATE, "PUT /contacts/{id}", NOTE])
def test_a_422_for_what_was_not_done_asks_a_person(
    live_shop: Any, crm: Any, operation: str
) -> None:
    if operation != CREATE:
        live_shop.person(ADA, city="Bonn")
        live_shop.work()
    crm.fault(times=1, operations=[operation], **LIE | {"when": "before"})
    live_shop.person(ADA, city="Trier", notes=["Enrolled in Bread"])

    shown = live_shop.work()

    assert [one for one in shown if one.startswith("Parked: crm-refused")]
