"""What is left of a limit: headers, the day, strangers, and switches that change on the way.

DOCS is the "Rate limits" page of the API's documentation.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.simulator.buckets import Bucket, Busiest
from ops.simulator.config import Foreign, Limits

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()


def bucket(**switches: Any) -> Bucket:
    return Bucket(Limits(**switches), random=random.Random(1), now=NOON)


def headers(one: Bucket, now: float = NOON) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in one.headers(now)}


def test_five_headers_on_every_answer(api: Any) -> None:  # DOCS
    api.get("x")
    answer = api("GET", "/no/such/call")
    found = {k: v for k, v in answer.headers.items() if k.startswith("x-ratelimit-")}
    assert found == {
        "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "199998",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-max": "100",
        "x-ratelimit-remaining": "98",
    }


def test_headers_can_be_off(stand_in: Any) -> None:
    answer = stand_in(limits={"headers": False}).get("x")
    assert not any(name.startswith("x-ratelimit") for name in answer.headers)


def test_a_hundred_in_ten_seconds(api: Any, clock: Any) -> None:  # DOCS
    assert [api.get("x").status for _ in range(101)] == [400] * 100 + [429]
    clock.tick(9.999)
    assert api.get("x").status == 429
    clock.tick(0.001)
    assert api.get("x").status == 400


def test_limits_are_of_a_client_at_a_location(stand_in: Any) -> None:  # DOCS
    scopes = ["contacts.readonly"]
    api = stand_in(
        limits={"per_window": 1},
        tokens=[
            {"token": "a", "location": "loc1", "scopes": scopes, "client": "app"},
            {"token": "b", "location": "loc1", "scopes": scopes, "client": "app"},
            {"token": "c", "location": "loc1", "scopes": scopes},
        ],
    )
    statuses = []
    for api.token in ("a", "b", "c"):
        statuses.append(api.get("x").status)
    assert statuses == [400, 429, 400]


def test_a_location_may_have_limits_of_its_own(stand_in: Any) -> None:  # DOCS: sandbox
    sandbox = {"per_window": 25, "per_day": 10_000}
    answer = stand_in(locations=[{"id": "loc1", "limits": sandbox}]).get("x")
    assert answer.headers["x-ratelimit-max"] == "25"
    assert answer.headers["x-ratelimit-daily-remaining"] == "9999"


def test_the_day_ends_at_its_hour() -> None:
    one = bucket(per_day=2, day_begins_hour=15)
    assert [one.arrive(NOON + s) for s in (0, 1, 60)] == [True, True, False]
    assert headers(one, NOON + 61)["x-ratelimit-daily-remaining"] == "0"
    assert headers(one, NOON + 61)["x-ratelimit-remaining"] == "100"
    assert one.opens_in(NOON) == 3 * 3600
    assert one.arrive(NOON + 3 * 3600)


@pytest.mark.parametrize(
    ("switch", "said"),
    [("off", None), ("seconds", "10"), ("date", "Wed, 25 Nov 2026 12:00:10 GMT")],
)
def test_a_429_may_say_when_to_come_back(switch: str, said: str | None) -> None:
    one = bucket(per_window=1, retry_after=switch)
    one.arrive(NOON)
    assert dict(one.retry_after(NOON)).get(b"retry-after") == (said.encode() if said else None)


@pytest.mark.parametrize(
    ("body", "kind"), [("json", "application/json"), ("text", "text/plain"), ("html", "text/html")]
)
def test_the_words_of_a_429(stand_in: Any, body: str, kind: str) -> None:
    api = stand_in(limits={"per_window": 1, "message": "Slow down", "body": body})
    api.get("x")
    answer = api.get("x")
    assert (answer.status, b"Slow down" in answer.reply.body) == (429, True)
    assert answer.headers["content-type"].startswith(kind)


def test_whether_a_429_counts() -> None:
    for counts, left in ((False, "199999"), (True, "199998")):
        one = bucket(per_window=1, counts_refused=counts)
        one.arrive(NOON)
        assert not one.arrive(NOON + 6)
        assert one.arrive(NOON + 10) is not counts
        one = bucket(per_window=1, counts_refused=counts)
        one.arrive(NOON)
        one.arrive(NOON)
        assert headers(one)["x-ratelimit-daily-remaining"] == left


def test_strangers_use_up_the_limit() -> None:
    one = bucket(foreign=Foreign(per_second=3, even=True))
    assert one.arrive(NOON + 10.0)
    assert one.foreign == 30
    assert headers(one, NOON + 10.0)["x-ratelimit-remaining"] == "69"


def test_strangers_come_at_random_times() -> None:
    one = bucket(foreign=Foreign(per_second=3))
    one.arrive(NOON + 1000)
    assert 2700 < one.foreign < 3300


def test_a_burst_of_strangers() -> None:
    one = bucket()
    assert one.strangers(60, NOON) == 60
    assert one.strangers(60, NOON) == 40
    assert not one.arrive(NOON)


def test_a_limit_that_changes_keeps_its_counts() -> None:
    one = bucket()
    for _ in range(40):
        one.arrive(NOON)
    one.told(Limits(per_window=50, window="token-bucket"), now=NOON, recent=[NOON] * 40)
    assert headers(one)["x-ratelimit-remaining"] == "10"
    assert headers(one)["x-ratelimit-daily-remaining"] == "199960"


def test_another_way_of_telling_counts_nothing_anew() -> None:
    one = bucket()
    one.strangers(100, NOON)
    one.told(Limits(retry_after="seconds"), now=NOON, recent=())
    assert not one.arrive(NOON)
    assert one.retry_after(NOON)


def test_the_busiest_interval_is_half_open() -> None:
    busiest = Busiest(10.0)
    for at in (0.0, 5.0, 9.9, 10.0, 30.0):
        busiest.add(at)
    assert busiest.most == 3


def test_the_busiest_interval_by_brute_force() -> None:
    rng = random.Random(1)
    for _ in range(30):
        times = sorted(rng.uniform(0, 60) for _ in range(rng.randint(0, 60)))
        busiest = Busiest(10.0)
        for at in times:
            busiest.add(at)
        assert busiest.most == max(
            (sum(first <= at < first + 10 for at in times) for first in times), default=0
        )
