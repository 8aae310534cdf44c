"""What a location may still be asked, and whether the day's calls last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contacts.settings import Settings, load
from contacts.store import accounts, audit
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers import flow
from producers.flow import Flow

HERE = "loc_1"
NOON = 1_800_014_400.0
"""12:00 UTC."""

SEEN = {
    "used": 42, "ghosts": 8, "reserve": 3, "waiting_live": 1, "waiting_bulk": 20, "cold": 0,
    "day_left": 150_000, "kept": 30_000, "per_day": 200_000,
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
    assert one.seconds_to_stop is None  # 120,000 calls at one a second are more than half a day
    assert not one.stopped


def test_it_says_when_bulk_will_stop_at_this_pace(store: Store, settings: Settings) -> None:
    one = seen(store, settings, calls=6000, day_left=66_000)

    assert one.seconds_to_stop == 3600


def test_it_says_that_bulk_has_stopped(store: Store, settings: Settings) -> None:
    assert seen(store, settings, day_left=30_000).stopped


def test_what_was_seen_long_ago_is_not_said_of_now(store: Store, settings: Settings) -> None:
    one = seen(store, settings, ago=60)

    assert (one.used, one.foreign, one.live, one.bulk) == (None, 0, 0, 0)
    assert one.day_left == 150_000


def test_what_was_left_yesterday_is_not_said_of_today(store: Store, settings: Settings) -> None:
    one = seen(store, settings, ago=12 * 3600 + 1)

    assert (one.day_left, one.seconds_to_stop) == (None, None)


def test_a_location_that_nobody_called_has_its_limits_alone(
    store: Store, settings: Settings
) -> None:
    with store.write() as tx:
        accounts.describe(tx, HERE, window_calls=25, day_calls=10_000)

    one = flow.look(store, settings, accounts.location(store, HERE))

    assert (one.window, one.per_day, one.used, one.day_left) == (25, 10_000, None, None)
