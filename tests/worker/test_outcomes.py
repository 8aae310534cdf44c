"""What each ending of a deed means to the ledger and to Flower, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from sqlalchemy import select

from contacts.errors import (
    AccessLost,
    CrmBusy,
    CrmRefused,
    CrmUnavailable,
    NotYet,
    RateLimited,
    SyncError,
)
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import accounts, audit, ledger, ledger_view
from contacts.store.database import DatabaseDown, Tx
from contacts.store.tables import locations

WISH = Wish(Kind.PUSH, "loc1", 7)


@pytest.fixture
def ending(deeds: Any) -> Any:
    return deeds[0]


@pytest.fixture
def calling(deeds: Any) -> Any:
    return deeds[1]


def name_location(tx: Tx) -> None:
    tx.execute(locations.update().values(name="effect"))


def name_of(shop: Any) -> Any:
    with shop.store.read() as tx:
        return tx.execute(select(locations.c.name)).scalar_one()


# ---------------------------------------------------------------- done


def test_done_and_the_effect_are_one_commit(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    assert shop.once(calling(effect=name_location)) == "done"
    assert (shop.row().state, name_of(shop)) == ("done", "effect")
    assert shop.calls() == [("contact.create", 200)]


def test_an_effect_that_fails_leaves_neither_effect_nor_done(shop: Any, calling: Any) -> None:
    def half(tx: Tx) -> None:
        name_location(tx)
        raise CrmRefused("another contact has it", status=200, code="link-taken")

    shop.put(WISH)
    assert shop.once(calling(effect=half)).startswith("Parked: link-taken")
    assert (shop.row().state, name_of(shop)) == ("parked", None)
    assert shop.calls() == [("contact.create", 200)]


def test_a_delivery_that_comes_twice_is_done_once(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    assert [shop.run(ticket, calling()), shop.run(ticket, calling())] == ["done", "stale"]
    assert len(shop.calls()) == 1


def test_a_worker_that_was_too_slow_writes_no_effect(shop: Any, calling: Any) -> None:
    def slow(job: Job, bench: Any, trail: list[audit.Call]) -> Any:
        found = calling(effect=name_location)(job, bench, trail)
        shop.clock.tick(61)
        ledger.reclaim(shop.store)
        return found

    shop.put(WISH)
    assert shop.once(slow) == "stale"
    assert (shop.row().state, shop.row().doubtful, name_of(shop)) == ("waiting", True, None)


# ---------------------------------------------------------------- later


def test_waiting_for_a_token_burns_no_attempt(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    for _ in range(20):
        said = shop.once(ending(RateLimited("no token within the patience", seconds=3.0)))
        shop.clock.tick(3)
    assert said == "Retry: no token within the patience; again at 08:01:00 UTC"
    assert (shop.row().state, shop.row().attempts) == ("waiting", 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CrmBusy("429", seconds=10.0, code="too-many-requests", pause=True), "too-many-requests"),
        (AccessLost("the token", seconds=900.0, code="token", pause=True), "token"),
    ],
)
def test_a_refusal_of_everybody_pauses_the_location(
    shop: Any, ending: Any, error: SyncError, code: str
) -> None:
    shop.put(WISH, Wish(Kind.PUSH, "loc1", 8), Wish(Kind.PUSH, "loc2", 9, lane=Lane.SWEEP))
    first = next(ticket for ticket in shop.release() if ticket.location == "loc1")
    shop.run(first, ending(error))
    ledger.reclaim(shop.store, unstarted=True)

    assert [ticket.location for ticket in shop.release()] == ["loc2"]
    assert accounts.location(shop.store, "loc1").pause_reason == error.reason
    with shop.store.write() as tx:
        accounts.resume(tx, "loc1")
    assert len(shop.release()) == 2, "what was paused is due as soon as the pause ends"
    assert next(row.code for row in shop.rows() if row.contact == first.contact) == code


def test_a_pause_of_bulk_alone_does_not_let_a_live_job_spin(shop: Any, ending: Any) -> None:
    quota = RateLimited("the day", seconds=600.0, code="day-quota", pause=True, bulk_only=True)
    shop.put(Wish(Kind.PUSH, "loc1", 7, lane=Lane.LIVE))
    shop.once(ending(quota))
    assert shop.release() == []
    shop.clock.tick(600)
    assert len(shop.release()) == 1


def test_a_location_that_is_not_known_does_not_spin(shop: Any, ending: Any) -> None:
    shop.put(Wish(Kind.PUSH, "nowhere", 7))
    shop.once(ending(AccessLost("not known", seconds=900.0, code="no-token", pause=True)))
    assert shop.release() == []


def test_what_was_in_doubt_stays_in_doubt_while_it_waits(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    shop.once(ending(CrmUnavailable("no answer", doubtful=True)))
    shop.clock.tick(60)
    shop.once(ending(RateLimited("no token", seconds=1.0)))
    assert (shop.row().doubtful, shop.row().attempts) == (True, 1)


# ---------------------------------------------------------------- again


def test_a_failure_counts_and_comes_back_after_full_jitter(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    now = shop.clock()
    said = shop.once(ending(CrmUnavailable("the CRM answered 503", code="crm-error")))
    # random is 0.5: half of 2 s * 2**1.
    assert said == "Retry: attempt 1 of 3: the CRM answered 503; again at 08:00:02 UTC"
    row = shop.row()
    assert (row.state, row.attempts, row.due_at, row.code) == ("waiting", 1, now + 2, "crm-error")
    shop.clock.tick(2)
    assert "again at 08:00:06" in shop.once(ending(CrmUnavailable("503")))
    assert shop.row().due_at == now + 2 + 4


def test_after_the_last_attempt_it_is_parked_with_its_reason(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    for _ in range(3):
        shop.clock.tick(60)
        said = shop.once(ending(CrmUnavailable("no answer", code="no-answer", doubtful=True)))
    assert said == "Parked: no-answer: no answer (3 attempts)"
    (parked,) = ledger_view.parked(shop.store)
    assert (parked.code, parked.reason, parked.attempts) == (
        "no-answer", "no answer (3 attempts)", 3,
    )  # fmt: skip


def test_a_person_who_retries_it_gets_all_attempts_and_the_doubt(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    for _ in range(3):
        shop.clock.tick(60)
        shop.once(ending(CrmUnavailable("no answer", doubtful=True)))
    with shop.store.write() as tx:
        ledger.unpark(tx, everything=True, now=shop.clock())
    assert "attempt 1 of 3" in shop.once(ending(CrmUnavailable("503")))
    assert shop.row().doubtful


def test_a_refusal_of_the_crm_is_parked_at_once(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    said = shop.once(ending(CrmRefused("the CRM refused the contact (422)", status=422)))
    assert said == "Parked: crm-refused: the CRM refused the contact (422)"
    assert (shop.row().state, shop.row().attempts) == ("parked", 1)


# ---------------------------------------------------------------- a defect of ours


def test_a_deed_that_breaks_is_tried_again_in_doubt_and_says_only_its_type(
    shop: Any, calling: Any
) -> None:
    shop.put(WISH)
    with structlog.testing.capture_logs() as said:
        shown = shop.once(calling(ValueError("ada@example.org")))
    assert "a defect in Rollbook: ValueError (see the worker's log)" in shown
    assert (shop.row().attempts, shop.row().doubtful, shop.row().code) == (1, True, "defect")
    assert [line["event"] for line in said] == ["a deed broke", "job not done"]
    assert "ada" not in shown + shop.row().reason


def test_an_outcome_that_breaks_does_not_show_the_row_to_flower(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    shown = shop.once(ending(CrmUnavailable("x" * 10, code="longer than the column" * 9)))
    if shop.store.engine.dialect.name == "postgresql":
        assert "a defect in Rollbook: DataError" in shown
        assert "08:01:00" in shown, "its lease brings it back"
    else:
        assert "attempt 1 of 3" in shown  # SQLite takes any length


# ---------------------------------------------------------------- the database is away


def test_a_database_that_restarts_is_waited_for_before_the_claim(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    assert shop.shaky("before", "before").run(ticket, calling()) == "done"
    assert shop.slept == [0.2, 0.5]


def test_a_finished_call_waits_for_its_commit(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    away = shop.shaky("well", *["before"] * 5)
    assert away.run(ticket, calling(effect=name_location)) == "done"
    assert (sum(shop.slept), name_of(shop)) == (pytest.approx(7.7), "effect")


def test_a_commit_whose_answer_was_lost_is_not_made_twice(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    seen: list[int] = []
    away = shop.shaky("well", "after")
    away.run(ticket, calling(effect=lambda tx: seen.append(1)))
    assert (shop.row().state, seen) == ("done", [1])


def test_a_call_that_could_not_be_committed_comes_back_in_doubt(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    shown = shop.shaky("well", *["before"] * 6).run(ticket, calling(effect=name_location))
    assert shown == "Retry: the database is away; again at 08:01:00 UTC"
    shop.clock.tick(61)
    ledger.reclaim(shop.store, attempts_max=3)
    assert (shop.row().state, shop.row().doubtful, name_of(shop)) == ("waiting", True, None)


def test_a_job_that_had_sent_nothing_burns_no_attempt_when_the_database_goes(
    shop: Any, ending: Any
) -> None:
    shop.put(WISH)
    shown = shop.once(ending(DatabaseDown("OperationalError")))
    assert shown == "Retry: the database is away; again at 08:00:01 UTC"
    row = shop.row()
    assert (row.state, row.attempts, row.doubtful) == ("waiting", 0, False)


# ---------------------------------------------------------------- stopping


def test_a_worker_that_stops_begins_nothing_and_gives_the_job_back(shop: Any, calling: Any) -> None:
    shop.put(WISH)
    (ticket,) = shop.release()
    shop.bench.stopping.set()
    assert shop.run(ticket, calling()) == ("Retry: this worker is stopping; again at 08:00:00 UTC")
    assert (shop.row().state, shop.calls()) == ("waiting", [])


def test_a_wait_for_a_token_that_is_broken_off_burns_no_attempt(shop: Any, ending: Any) -> None:
    shop.put(WISH)
    shop.once(ending(NotYet("this worker is stopping", seconds=0.0, code="stopping")))
    assert (shop.row().state, shop.row().attempts) == ("waiting", 0)
