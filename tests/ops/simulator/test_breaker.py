"""The circuit breaker of an address: official webhook guide 2026."""

from __future__ import annotations

import pytest

from ops.simulator.breaker import Breaker
from ops.simulator.buckets import DAY_S
from ops.simulator.webhook_settings import Webhooks

ON = Webhooks.model_validate({"breaker": {"on": True}})


def period(breaker: Breaker, begin: float, *, good: int, bad: int, told: Webhooks = ON) -> str:
    """Three days with so many webhooks; the state after them."""
    breaker.paused(told, begin)
    for number in range(good + bad):
        breaker.ended(good=number < good)
    breaker.paused(told, begin + 3 * DAY_S)
    return breaker.state


def test_a_warning_first_and_a_pause_three_days_later() -> None:
    one = Breaker()
    assert period(one, 0, good=8_000, bad=2_001) == "warned"
    assert period(one, 3 * DAY_S, good=8_000, bad=2_001) == "paused"
    assert one.paused(ON, 100 * DAY_S)


def test_a_good_period_takes_the_warning_back() -> None:
    one = Breaker()
    period(one, 0, good=0, bad=10_001)
    assert period(one, 3 * DAY_S, good=9_500, bad=501) == "closed"


@pytest.mark.parametrize(("good", "bad"), [(0, 10_000), (9_001, 1_000), (0, 0)])
def test_few_webhooks_or_many_good_ones_are_fine(good: int, bad: int) -> None:
    assert period(Breaker(), 0, good=good, bad=bad) == "closed"


def test_it_can_be_off() -> None:
    assert period(Breaker(), 0, good=0, bad=20_000, told=Webhooks()) == "closed"


def test_somebody_enables_it_by_hand() -> None:
    one = Breaker()
    for begin in (0, 3 * DAY_S):
        period(one, begin, good=0, bad=10_001)
    one.enable()
    assert not one.paused(ON, 7 * DAY_S)


def test_three_days_can_be_scaled() -> None:
    told = {"breaker": {"on": True, "least": 10, "share": 0.9, "days": 3}, "time_scale": 0.5}
    one = Breaker()
    settings = Webhooks.model_validate(told)
    one.paused(settings, 0)
    for _ in range(11):
        one.ended(good=False)
    one.paused(settings, 1.5 * DAY_S)
    assert one.state == "warned"
