"""Something dies in mid-backfill; yet everybody, every tag and every note is there once."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

pytestmark = [pytest.mark.journey, pytest.mark.redis]

STUDENTS = 80


def test_a_worker_is_killed(new_house: Any) -> None:
    house = new_house()
    file = house.export(STUDENTS)
    house.start("dispatcher", "beat", "worker-1", "worker-2")
    house.backfill(file)

    house.until_calls(40)
    house.kill("worker-1")
    house.until_calls(100)
    house.kill("worker-2")
    house.start("worker-3")

    house.until_settled()
    house.judge(file)
    house.costs_nothing_again(file)


def test_redis_is_killed_and_comes_back_empty(new_house: Any) -> None:
    house = new_house()
    file = house.export(STUDENTS)
    house.start("dispatcher", "beat", "worker-1", "worker-2")
    house.backfill(file)

    for calls in (40, 110):
        house.until_calls(calls)
        house.restart_redis_empty()

    house.until_settled()
    house.judge(file)
    assert all(one.poll() is None for one in house.processes.values()), "nobody ended for it"


@pytest.mark.postgres
def test_the_connections_to_the_database_are_cut(new_house: Any, database: str) -> None:
    house = new_house(database=database)
    file = house.export(STUDENTS)
    house.start("dispatcher", "beat", "worker-1", "worker-2")
    house.backfill(file)

    with psycopg.connect(database, autocommit=True) as admin:
        for calls in (30, 60, 90, 120):
            house.until_calls(calls)
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    house.until_settled()
    house.judge(file)
    assert all(one.poll() is None for one in house.processes.values()), "nobody ended for it"


def test_the_dispatcher_is_killed(new_house: Any) -> None:
    house = new_house()
    file = house.export(STUDENTS)
    house.start("dispatcher", "beat", "worker-1")
    house.backfill(file)

    for calls in (30, 80, 130):
        house.until_calls(calls)
        house.kill("dispatcher")
        house.start("dispatcher")

    house.until_settled()
    house.judge(file)
