"""The tools of a deed: what they are built from, and what a location without a token means."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import event

from contacts.errors import UsageError
from contacts.jobs import Job, Kind, Lane
from contacts.settings import Settings, load
from contacts.store import accounts, ledger
from contacts.store.tables import locations
from worker import push, workbench
from worker.places import limits_of
from worker.workbench import Stopping, open_bench


def job(lease_until: float, location: str = "loc1") -> Job:
    return Job(1, 1, Kind.PUSH, location, 1, 0, Lane.BULK, 0, False, None, lease_until)


def forget_token(shop: Any) -> None:
    with shop.store.write() as tx:
        tx.execute(locations.update().values(token=None))


def test_a_location_without_a_token_waits_for_a_person_and_goes_on_with_the_new_one(
    live_shop: Any, crm: Any
) -> None:
    forget_token(live_shop)
    live_shop.person("ada@example.org")
    live_shop.person("bob@example.org")
    first, _ = live_shop.release()
    assert live_shop.run(first).startswith("Retry: location loc1 has no token")
    assert accounts.location(live_shop.store, "loc1").paused_until is not None
    assert all(row.attempts == 0 for row in live_shop.rows())

    with live_shop.store.write() as tx:
        accounts.ensure_location(tx, "loc1", token="pit-secret", cipher=live_shop.bench.cipher)
    live_shop.clock.tick(31)
    ledger.reclaim(live_shop.store)
    assert live_shop.work() == ["done", "done"]
    assert len(crm.contacts("loc1")) == 2


def test_a_place_is_read_again_after_five_seconds(shop: Any) -> None:
    assert shop.bench.place("loc1").country == "US"
    with shop.store.write() as tx:
        tx.execute(locations.update().values(country="DE", window_calls=25))
    assert shop.bench.place("loc1").country == "US"
    shop.clock.tick(5.1)
    place = shop.bench.place("loc1")
    assert (place.country, place.limits.per_window, place.limits.per_day) == ("DE", 25, 200_000)


def test_a_place_is_read_by_two_statements_of_one_moment(shop: Any) -> None:
    asked: list[str] = []
    event.listen(shop.store.engine, "before_cursor_execute", lambda *words: asked.append(words[2]))

    shop.bench.place("loc1")

    assert [re.findall(r"FROM (\w+)", one)[-1] for one in asked if one != "BEGIN"] == [
        "locations",
        "custom_fields",
    ]


def test_a_locations_own_limits_win_over_the_settings() -> None:
    row = accounts.Location("loc1", None, None, None, 5000, None, None, None, False, True)
    limits = limits_of(row, Settings(window_calls=50, window_seconds=2.5, _env_file=None))
    assert (limits.per_window, limits.window_ms) == (50, 5000)


def test_no_call_is_begun_that_could_outlive_its_lease(live_shop: Any, crm: Any) -> None:
    settings = live_shop.bench.settings
    assert settings.call_seconds == 2 * 2 + 5 + 2
    live_shop.person("ada@example.org")
    (ticket,) = live_shop.release()

    def too_late(job: Job, bench: Any, trail: Any) -> Any:
        live_shop.clock.tick(settings.lease_seconds - settings.call_seconds + 0.1)
        return push.contact(job, bench, trail)

    assert live_shop.run(ticket, too_late).startswith("Retry: too little of the job's time")
    assert (live_shop.row().attempts, crm.report()["arrivals"]) == (0, 0)


@pytest.mark.parametrize(
    ("timeouts", "least"), [({"read_timeout": 60}, "80"), ({"connect_timeout": 30}, "80")]
)
def test_a_lease_shorter_than_a_call_is_refused_with_the_least_that_fits(
    timeouts: dict[str, float], least: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(**timeouts, _env_file=None)
    assert str(caught.value).startswith(
        f"ROLLBOOK_LEASE_SECONDS is too short for these time-outs, it must be {least} or more: "
    )
    assert load(**timeouts, lease_seconds=80, _env_file=None).lease_seconds == 80


def test_without_redis_one_line_says_what_to_do(tmp_path: Any) -> None:
    with pytest.raises(UsageError, match="ROLLBOOK_REDIS_URL"):
        open_bench(Settings(home=tmp_path, _env_file=None))


def test_a_database_that_was_never_migrated_is_said_at_the_door(tmp_path: Any) -> None:
    settings = Settings(home=tmp_path, redis_url="redis://127.0.0.1:1/0", _env_file=None)
    with pytest.raises(UsageError, match="rollbook migrate"):
        open_bench(settings)


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Any) -> Any:
    settings = Settings(
        home=tmp_path, database_url=sqlite_url, redis_url="redis://127.0.0.1:1/0", _env_file=None
    )
    bench = open_bench(settings)
    yield bench
    bench.crm.close()
    bench.store.close()
    bench.redis.close()


def test_a_wait_for_a_token_ends_when_the_worker_stops(opened: Any) -> None:
    opened.stopping.set()
    with pytest.raises(Stopping):
        opened.crm._connections._wrap(None)._sleep(30.0)


def test_the_limiter_knows_how_long_a_call_may_take(opened: Any) -> None:
    assert opened.limiter._call_ms == (2 * 5 + 5 + 10) * 1000


def test_a_process_is_named_for_its_role_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_WORKER_NAME", "worker-2")
    role, _, place = workbench.process_name().partition("@")
    assert role == "worker-2"
    assert place.rpartition(":")[2].isdecimal()
