"""What a location may still be asked, and whether the day's calls last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contacts.settings import Settings, load
from contacts.store import accounts, audit
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.tempo import Counting
from producers import flow
from producers.flow import Flow

HERE = "loc_1"
NOON = 1_800_014_400.0
"""12:00 UTC."""

SEEN = {
    "used": 42, "ghosts": 8, "reserve": 3, "waiting_live": 1, "waiting_bulk": 20, "cold": 0,
    "day_left": 150_000, "kept": 30_000, "per_day": 200_000, "flying": 2, "heard": True,
    "pace": 0.0, "begins_from": 0, "begins_to": 0,
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(home=tmp_path)


@pytest.fixture
def store(sqlite_store: Store, settings: Settings, clock: Any) -> Store:
    clock.now = NOON
    with sqlite_store.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-1", cipher=Cipher.from_settings(settings))
    return sqlite_store


def seen(store: Store, settings: Settings, *, ago: float = 3, calls: int = 0, **more: Any) -> Flow:
    """A look after a worker showed the limiter's state, and so many calls in ten minutes."""
    call = audit.Call(NOON - 60, HERE, "contact.update", 200, 90.0, 1, 1, "trace")
    with store.write() as tx:
        accounts.save_limits_seen(tx, HERE, SEEN | {"at": NOON - ago} | more)
        audit.record(tx, [call] * calls)
    return flow.look(store, settings, accounts.location(store, HERE))


def test_it_shows_who_holds_the_places(store: Store, settings: Settings) -> None:
    one = seen(store, settings, calls=600)

    assert (one.window, one.window_s, one.used, one.foreign, one.reserve) == (100, 10, 42, 8, 3)
    assert (one.live, one.bulk, one.day_left, one.kept, one.per_s) == (1, 20, 150_000, 30_000, 1.0)
    assert (one.in_flight, one.heard, one.own) == (2, True, ())
    assert one.stops_at is None  # 120,000 calls at one a second are more than a day
    assert not one.stopped


def test_how_the_crm_counts_does_not_grow_old_but_what_is_made_of_it_does(
    store: Store, settings: Settings
) -> None:
    assert seen(store, settings, armed=0, counts=2).armed is False
    idle = seen(store, settings, ago=3600, armed=0, counts=2)

    assert (idle.armed, idle.counting) == (None, Counting.REFILLS)
    assert idle.as_json()["counting"] == "refills"


def test_it_says_when_bulk_will_stop_at_this_pace(store: Store, settings: Settings) -> None:
    one = seen(store, settings, calls=6000, day_left=66_000)

    assert one.stops_at == NOON + 3600


def test_others_who_use_the_quota_bring_the_stop_nearer(store: Store, settings: Settings) -> None:
    one = seen(store, settings, calls=6000, day_left=66_000, pace=12.5)

    assert (one.per_s, one.day_per_s) == (10.0, 12.5)
    assert one.stops_at == NOON + 36_000 / 12.5


def test_bulk_does_not_stop_where_the_day_ends_first(store: Store, settings: Settings) -> None:
    """At 13:00 UTC the CRM's day begins, as it did yesterday."""
    yesterday = (NOON + 3600 - 86_400) * 1000
    one = seen(store, settings, calls=6000, day_left=67_000, begins_to=yesterday)

    assert (one.begins_at, one.stops_at) == (NOON + 3600, None)


def test_it_says_that_bulk_has_stopped(store: Store, settings: Settings) -> None:
    one = seen(store, settings, day_left=30_000, calls=6000)

    assert one.stopped
    assert one.stops_at is None


def test_what_was_seen_long_ago_is_not_said_of_now(store: Store, settings: Settings) -> None:
    one = seen(store, settings, ago=60)

    assert (one.used, one.foreign, one.live, one.bulk) == (None, 0, 0, 0)
    assert one.day_left == 150_000


@pytest.mark.parametrize(
    ("ago", "begins", "known"),
    [
        pytest.param(12 * 3600, 0, True, id="of the last 24 hours"),
        pytest.param(24 * 3600 + 1, 0, False, id="more than a day ago"),
        pytest.param(3 * 3600, NOON - 2 * 3600, False, id="before the day began"),
        pytest.param(3 * 3600, NOON + 2 * 3600, True, id="since the day began"),
    ],
)
def test_what_was_left_of_another_day_is_not_said_of_this_one(
    store: Store, settings: Settings, ago: int, begins: float, known: bool
) -> None:
    one = seen(store, settings, ago=ago, begins_to=begins * 1000)

    assert (one.day_left is not None) is known


def test_a_location_that_nobody_called_has_its_limits_alone(
    store: Store, settings: Settings
) -> None:
    with store.write() as tx:
        accounts.describe(tx, HERE, window_calls=25, day_calls=10_000)

    one = flow.look(store, settings, accounts.location(store, HERE))

    assert (one.window, one.per_day, one.used, one.day_left) == (25, 10_000, None, None)
    assert one.own == ("window", "day")
