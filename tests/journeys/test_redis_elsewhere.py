"""Redis watched by Sentinel: its master dies in the middle of a backfill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.prove.watched import watched

pytestmark = [pytest.mark.journey, pytest.mark.redis]


def test_the_master_dies_and_its_replica_takes_over(new_house: Callable[..., Any]) -> None:
    with watched() as redis:
        house = new_house(own_redis=False, ROLLBOOK_REDIS_URL=redis.url)
        file = house.export(120)
        house.start("dispatcher", "beat", "worker")
        house.backfill(file)
        house.until_calls(60)

        was = redis.kill_master()
        redis.until_another_leads(was)
        redis.bring_back(was)

        house.until_settled()
        house.judge(file)
        assert all(one.poll() is None for one in house.processes.values())
