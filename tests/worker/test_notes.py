"""A note is written once, whatever is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.jobs import Kind, Wish
from contacts.store import ledger
from worker import notes

LIST, WRITE = "GET /contacts/{id}/notes", "POST /contacts/{id}/notes"
ADA = "ada@example.org"


def bodies(crm: Any) -> list[str]:
    (theirs,) = crm.contacts("loc1")
    return [note["body"] for note in theirs["notes"]]


def calls(crm: Any, operation: str) -> int:
    return int(crm.report()["by_operation"].get(operation, 0))


def test_a_note_is_one_call_without_a_look(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, notes=["Enrolled in Bread"])
    assert live_shop.work() == ["done", "done"]
    assert bodies(crm) == ["Enrolled in Bread"]
    assert (calls(crm, WRITE), calls(crm, LIST)) == (1, 0)


def test_a_note_that_is_there_costs_no_call(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, notes=["Enrolled"])
    live_shop.work()
    note = next(row.subject for row in live_shop.rows() if row.kind == "contact.note")
    live_shop.put(Wish(Kind.NOTE, "loc1", ada, note))
    assert live_shop.work() == ["done"]
    assert calls(crm, WRITE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "truncate"},
        {"kind": "error", "when": "after", "status": 500},
        {"kind": "error", "when": "after", "status": 503, "retry_after_s": 1},
        {"kind": "html", "when": "after", "status": 502},
        {"kind": "html", "when": "after", "status": 200},
    ],
    ids=["no answer", "half an answer", "500", "503 with a time", "a page", "a page that says yes"],
)
def test_after_a_lost_answer_the_note_is_looked_for_and_found(
    live_shop: Any, crm: Any, fault: dict[str, Any]
) -> None:
    crm.fault(times=1, operations=[WRITE], **fault)
    live_shop.person(ADA, notes=["Enrolled"])
    live_shop.work()
    live_shop.clock.tick(60)
    assert live_shop.work() == ["done"]
    assert bodies(crm) == ["Enrolled"]
    assert (calls(crm, WRITE), calls(crm, LIST)) == (1, 1)


def test_after_an_attempt_that_did_nothing_it_is_looked_for_and_written(
    live_shop: Any, crm: Any
) -> None:
    crm.fault("drop", when="before", times=1, operations=[WRITE])
    live_shop.person(ADA, notes=["Enrolled"])
    live_shop.work()
    live_shop.clock.tick(60)
    assert live_shop.work() == ["done"]
    assert bodies(crm) == ["Enrolled"]


def test_a_refusal_leaves_no_doubt_so_the_next_attempt_does_not_look(
    live_shop: Any, crm: Any
) -> None:
    crm.fault("too-many", times=1, operations=[WRITE])
    live_shop.person(ADA, notes=["Enrolled"])
    live_shop.work()
    live_shop.clock.tick(60)
    assert live_shop.work() == ["done"]
    assert calls(crm, LIST) == 0


def test_a_look_that_fails_writes_nothing(live_shop: Any, crm: Any) -> None:
    crm.fault("drop", when="after", times=1, operations=[WRITE])
    crm.fault("error", status=500, times=1, operations=[LIST])
    live_shop.person(ADA, notes=["Enrolled"])
    for _ in range(3):
        live_shop.work()
        live_shop.clock.tick(60)
    assert bodies(crm) == ["Enrolled"]
    assert (calls(crm, WRITE), calls(crm, LIST)) == (1, 2)


def test_the_worker_that_wrote_it_died_and_the_next_one_finds_it(live_shop: Any, crm: Any) -> None:
    class Killed(BaseException):
        """kill -9: nothing after it happens."""

    def dies(job: Any, bench: Any, trail: Any) -> Any:
        notes.note(job, bench, trail)
        raise Killed

    live_shop.person(ADA, notes=["Enrolled"])
    push, *_ = live_shop.release()
    live_shop.run(push)
    (ticket,) = live_shop.release()
    with pytest.raises(Killed):
        live_shop.run(ticket, dies)
    live_shop.clock.tick(61)
    assert ledger.reclaim(live_shop.store, attempts_max=3) == 1
    assert live_shop.work() == ["done"]
    assert bodies(crm) == ["Enrolled"]
    assert (calls(crm, WRITE), calls(crm, LIST)) == (1, 1)


def test_parked_in_doubt_and_retried_by_a_person_it_is_looked_for(live_shop: Any, crm: Any) -> None:
    crm.fault("error", status=500, times=2, operations=[WRITE])
    crm.fault("drop", when="after", times=1, operations=[WRITE])
    live_shop.person(ADA, notes=["Enrolled"])
    for _ in range(3):
        shown = live_shop.work()
        live_shop.clock.tick(60)
    assert shown[-1].startswith("Parked: no-answer")
    with live_shop.store.write() as tx:
        ledger.unpark(tx, everything=True, now=live_shop.clock())
    assert live_shop.work() == ["done"]
    assert bodies(crm) == ["Enrolled"]


def test_the_last_attempt_alone_was_in_doubt_and_the_retry_still_looks(
    open_shop: Any, sqlite_store: Any, crm: Any
) -> None:
    shop = open_shop(sqlite_store, crm, attempts=1)
    crm.fault("drop", when="after", times=1, operations=[WRITE])
    shop.person(ADA, notes=["Enrolled"])
    assert shop.work()[-1].startswith("Parked: no-answer")
    with shop.store.write() as tx:
        ledger.unpark(tx, everything=True, now=shop.clock())
    assert shop.work() == ["done"]
    assert bodies(crm) == ["Enrolled"]


def test_two_notes_of_one_contact_are_both_written(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, notes=["Enrolled", "Paid"])
    live_shop.work()
    assert sorted(bodies(crm)) == ["Enrolled", "Paid"]


def test_a_note_that_left_the_roster_is_parked(live_shop: Any) -> None:
    live_shop.put(Wish(Kind.NOTE, "loc1", 1, 4711))
    (shown,) = live_shop.work()
    assert shown.startswith("Parked: note-unknown")
