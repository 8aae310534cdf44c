"""When a webhook is sent again: official webhook guide, copies of October 2025 and August 2026."""

from __future__ import annotations

from random import Random

import pytest

from ops.simulator.retries import wait_s
from ops.simulator.webhook_settings import Webhooks


def waits(settings: Webhooks, status: int) -> list[float]:
    """All waits of a webhook that is answered so each time."""
    random, found = Random(1), []
    while (wait := wait_s(settings, status, len(found), random)) is not None:
        found.append(wait)
    return found


@pytest.mark.parametrize("status", [0, 301, 400, 500, 503])
def test_in_2025_nothing_but_a_429_is_sent_again(status: int) -> None:  # guide 2025; #257
    assert waits(Webhooks(profile="2025"), status) == []


def test_in_2025_six_times_ten_minutes_apart() -> None:  # guide 2025: about 70 minutes
    found = waits(Webhooks(profile="2025"), 429)
    assert len(found) == 6
    assert all(600 <= one <= 800 for one in found)
    assert len(set(found)) == 6


@pytest.mark.parametrize("status", [0, 301, 400, 429, 500, 503])
def test_in_2026_twelve_times_after_anything_but_2xx(status: int) -> None:  # guide 2026
    found = waits(Webhooks(profile="2026"), status)
    assert len(found) == 12
    assert found[0] <= 5
    assert found[8] > found[2] > found[0]
    assert max(found) <= 600


@pytest.mark.parametrize("profile", ["fixed", "2025", "2026"])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_what_arrived_is_not_sent_again(profile: str, status: int) -> None:
    assert waits(Webhooks.model_validate({"profile": profile}), status) == []


def test_time_can_be_scaled_so_that_nobody_waits() -> None:
    slow, fast = (waits(Webhooks(profile="2026", time_scale=scale), 500) for scale in (1, 0.001))
    assert fast == pytest.approx([one / 1000 for one in slow])


def test_a_plain_schedule() -> None:
    assert waits(Webhooks(retries=3, retry_ms=250), 500) == [0.25] * 3
