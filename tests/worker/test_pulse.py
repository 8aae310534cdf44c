"""A worker's pulse, and the limiter's state for people to see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog

from contacts.errors import DAY_OVER
from contacts.store import accounts, processes
from worker.crm.limits import KnownDay
from worker.pulse import pulse, show_limits


class OneRound:
    """A worker that is told to stop after so many looks."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def is_set(self) -> bool:
        return self.left <= 0

    def wait(self, seconds: float) -> bool:
        self.left -= 1
        return self.is_set()


def test_a_worker_says_that_it_lives_and_says_goodbye(shop: Any) -> None:
    slots: list[int] = []

    class Watched(OneRound):
        def wait(self, seconds: float) -> bool:
            slots.append(processes.slots(shop.store, "worker"))
            return super().wait(seconds)

    pulse(shop.using(stopping=Watched(2)).bench)
    assert slots == [32, 32]
    assert processes.living(shop.store) == []


def test_a_pulse_outlives_a_database_that_goes_away_and_a_defect(shop: Any) -> None:
    class Broken:
        def look(self, location: str) -> Any:
            raise RuntimeError("ada@example.org")

    shop.bench.place("loc1")
    with structlog.testing.capture_logs() as said:
        pulse(shop.shaky("before").using(stopping=OneRound(2), limiter=Broken()).bench)
    assert {line["event"] for line in said} == {"the pulse stumbled"}
    assert processes.living(shop.store) == []


def test_the_limiter_of_a_busy_location_can_be_seen(live_shop: Any) -> None:
    live_shop.person("ada@example.org")
    live_shop.work()
    show_limits(live_shop.bench)
    seen = accounts.location(live_shop.store, "loc1").limits_seen
    assert (seen["used"], seen["per_window"], seen["at"]) == (1, 100, live_shop.clock())
    assert seen["kept"] == 0.15 * seen["per_day"]
    # The database vouches that nobody called there for so long that nothing can be on its way.
    state = ("ghosts", "waiting_live", "waiting_bulk", "reserve")
    assert [seen[name] for name in state] == [0, 0, 0, 0]


def test_when_the_crms_day_began_the_pause_that_waited_for_it_ends(live_shop: Any) -> None:
    live_shop.person("ada@example.org")
    live_shop.work()
    later = live_shop.clock() + 3600
    with live_shop.store.write() as tx:
        accounts.pause(tx, "loc1", later, f"{DAY_OVER}, but for some", bulk_only=True)
    with live_shop.store.write() as tx:
        accounts.pause(tx, "loc1", later, "by hand")

    show_limits(live_shop.bench)

    assert accounts.location(live_shop.store, "loc1").pause_reason == "by hand"
    with live_shop.store.write() as tx:
        assert not accounts.end_days_pause(tx, "loc1")


def test_while_the_day_is_over_its_pause_holds(live_shop: Any) -> None:
    live_shop.person("ada@example.org")
    live_shop.work()
    with live_shop.store.write() as tx:
        accounts.pause(tx, "loc1", live_shop.clock() + 3600, DAY_OVER, bulk_only=True)
    real = live_shop.bench.limiter

    class DayIsOver:
        def look(self, location: str) -> Any:
            return replace(real.look(location), day_left=29_999)

    show_limits(live_shop.using(limiter=DayIsOver()).bench)

    assert accounts.location(live_shop.store, "loc1").paused_until is not None


def test_what_the_database_knows_of_the_day_is_handed_to_the_limiter(live_shop: Any) -> None:
    seen = {"at": 1000.5, "heard": True, "day_left": 7, "begins_from": 5, "begins_to": 9}
    with live_shop.store.write() as tx:
        accounts.save_limits_seen(tx, "loc1", seen)

    known = live_shop.bench.place("loc1").limits.known

    assert known == KnownDay(begins_from=5, begins_to=9, left=7, at=1_000_500)


def test_a_location_that_rests_is_not_looked_at(shop: Any) -> None:
    shop.bench.place("loc1")
    shop.clock.tick(31)
    show_limits(shop.bench)
    assert accounts.location(shop.store, "loc1").limits_seen == {}
