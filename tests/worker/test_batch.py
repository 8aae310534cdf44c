"""Several jobs in one message: what becomes of one touches no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery.exceptions import Retry
from sqlalchemy import event

from contacts.errors import CrmRefused, CrmUnavailable
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import audit, ledger
from contacts.store.database import Tx
from worker import batch
from worker.outcomes import Parked

HERE = "loc1"


class Script:
    """A deed that makes a call and ends, for each contact, as it is told."""

    def __init__(self, bench: Any, **fates: Callable[[Job], None]) -> None:
        self.bench = bench
        self.fates = {int(name[1:]): fate for name, fate in fates.items()}
        self.begun: list[int] = []

    def __call__(self, job: Job, bench: Any, trail: list[audit.Call]) -> Any:
        self.begun.append(job.contact)
        trail.append(audit.Call(bench.clock(), job.location, "contact.update", 200, 5.0, job.id,
                                job.run, None))  # fmt: skip
        if job.contact in self.fates:
            self.fates[job.contact](job)
        return lambda tx: None


def fails(error: Exception) -> Callable[[Job], None]:
    def fate(_: Job) -> None:
        raise error

    return fate


def packed(shop: Any, number: int = 3) -> Any:
    """So many jobs in one message: its tickets."""
    shop.put(*[Wish(Kind.PUSH, HERE, contact) for contact in range(1, number + 1)])
    (parcel,) = ledger.release_packed(shop.store, room=9, limit=9, threads=1, lease_s=30)
    return parcel


def states(shop: Any) -> list[tuple[str, int, bool]]:
    return [(row.state, row.attempts, row.doubtful) for row in shop.rows()]


def test_all_of_them_are_done_each_with_its_own_row_and_call(shop: Any) -> None:
    deed = Script(shop.bench)
    assert batch.run(packed(shop), deed, shop.bench) == "3 done"
    assert states(shop) == [("done", 0, False)] * 3
    assert [call.job for call in audit.recent(shop.store)] == [3, 2, 1]


def test_the_next_one_is_claimed_by_the_commit_that_settles_the_one_before(shop: Any) -> None:
    parcel = packed(shop)
    commits: list[int] = []
    event.listen(shop.store.engine, "commit", lambda _: commits.append(1))
    batch.run(parcel, Script(shop.bench), shop.bench)
    assert len(commits) == 3 + 1


def test_one_that_is_parked_and_one_that_is_tried_again_leave_the_others_alone(shop: Any) -> None:
    deed = Script(
        shop.bench,
        c2=fails(CrmRefused("the CRM refused the contact (422)", status=422)),
        c3=fails(CrmUnavailable("the CRM answered 503", code="crm-error")),
    )
    with pytest.raises(Parked) as shown:
        batch.run(packed(shop, 5), deed, shop.bench)
    assert str(shown.value) == (
        "3 done; job 2: crm-refused: the CRM refused the contact (422); job 3: attempt 1 of 3: "
        "the CRM answered 503; again at 08:00:02 UTC"
    )
    done = ("done", 0, False)
    assert states(shop) == [done, ("parked", 1, False), ("waiting", 1, False), done, done]


def test_a_batch_of_which_one_is_tried_again_is_shown_as_a_retry(shop: Any) -> None:
    deed = Script(shop.bench, c1=fails(CrmUnavailable("the CRM answered 503", code="crm-error")))
    with pytest.raises(Retry) as shown:
        batch.run(packed(shop), deed, shop.bench)
    assert "2 done; job 1: attempt 1 of 3: the CRM answered 503" in str(shown.value)


def test_a_worker_that_is_killed_leaves_only_the_one_it_had_begun_in_doubt(shop: Any) -> None:
    def killed(_: Job) -> None:
        raise SystemExit  # no outcome of ours catches it, as none does after kill -9

    with pytest.raises(SystemExit):
        batch.run(packed(shop), Script(shop.bench, c2=killed), shop.bench)
    shop.clock.tick(61)
    ledger.reclaim(shop.store, attempts_max=3)
    assert states(shop) == [("done", 0, False), ("waiting", 1, True), ("waiting", 0, False)]


def test_a_worker_that_stops_gives_back_what_it_has_not_begun(shop: Any) -> None:
    def stop(_: Job) -> None:
        shop.bench.stopping.set()

    deed = Script(shop.bench, c1=stop)
    assert batch.run(packed(shop), deed, shop.bench) == "1 done; 2 given back"
    assert deed.begun == [1]
    assert states(shop) == [("done", 0, False)] + [("waiting", 0, False)] * 2
    assert all(row.due_at <= shop.clock() for row in shop.rows())


def test_one_that_was_claimed_just_before_the_worker_stops_is_not_begun(shop: Any) -> None:
    class StopsAtTheCommit(batch._Batch):
        __slots__ = ()

        def _claim_next(self, tx: Tx) -> Job | None:
            claimed = batch._Batch._claim_next(self, tx)
            shop.bench.stopping.set()
            return claimed

    deed = Script(shop.bench)
    one = StopsAtTheCommit(batch.deque(packed(shop)), deed, shop.bench)
    one.work()
    with pytest.raises(Retry, match="job 2: this worker is stopping"):
        one.told()
    assert deed.begun == [1]
    assert states(shop) == [("done", 0, False)] + [("waiting", 0, False)] * 2


def test_jobs_that_were_released_anew_meanwhile_are_passed_over(shop: Any) -> None:
    parcel = packed(shop)
    shop.clock.tick(31)
    ledger.reclaim(shop.store)
    (again,) = ledger.release_packed(shop.store, room=9, limit=9, threads=1, lease_s=30)
    deed = Script(shop.bench)
    assert batch.run(parcel, deed, shop.bench) == "3 stale"
    assert batch.run(again, deed, shop.bench) == "3 done"
    assert deed.begun == [1, 2, 3]


def test_an_effect_that_fails_takes_nothing_of_the_next_one_with_it(shop: Any) -> None:
    class Broken(Script):
        def __call__(self, job: Job, bench: Any, trail: list[audit.Call]) -> Any:
            effect = super().__call__(job, bench, trail)

            def half(tx: Tx) -> None:
                raise CrmRefused("another contact has it", status=200, code="link-taken")

            return half if job.contact == 1 else effect

    with pytest.raises(Parked, match="2 done; job 1: link-taken"):
        batch.run(packed(shop), Broken(shop.bench), shop.bench)
    assert states(shop) == [("parked", 1, False)] + [("done", 0, False)] * 2


def test_without_a_database_the_rest_waits_for_its_lease(shop: Any) -> None:
    parcel = packed(shop)
    away = shop.shaky(*["before"] * 6)
    with pytest.raises(Retry, match="the database is away"):
        batch.run(parcel, Script(away.bench), away.bench)
    shop.clock.tick(31)
    assert ledger.reclaim(shop.store) == 3
    assert states(shop) == [("waiting", 0, False)] * 3


def test_live_jobs_travel_alone(shop: Any) -> None:
    shop.put(*[Wish(Kind.PUSH, HERE, contact, lane=Lane.LIVE) for contact in (1, 2, 3)])
    found = ledger.release_packed(shop.store, room=9, limit=9, threads=1, lease_s=30)
    assert [len(parcel) for parcel in found] == [1, 1, 1]


def test_a_commit_whose_answer_is_lost_leaves_the_next_one_to_its_lease(shop: Any) -> None:
    """It was claimed by that commit, and nobody knows that it was: as if the worker had died."""
    parcel = packed(shop, 2)
    shaky = shop.shaky("well", "after")  # the claim; the first job's end
    deed = Script(shaky.bench)
    assert batch.run(parcel, deed, shaky.bench) == "2 stale"
    assert deed.begun == [1]
    shop.clock.tick(61)
    ledger.reclaim(shop.store, attempts_max=3)
    assert states(shop) == [("done", 0, False), ("waiting", 1, True)]
