"""The settings of both Celery applications."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from celery.app.defaults import NAMESPACES, flatten

from contacts import belt
from contacts.jobs import Kind
from contacts.settings import Settings


@pytest.fixture
def settings() -> dict[str, Any]:
    return belt.celery_settings(redis_url="redis://127.0.0.1:1/0", threads=32)


def test_celery_knows_every_setting_by_that_name(settings: dict[str, Any]) -> None:
    assert set(settings) - {name for name, _ in flatten(NAMESPACES)} == set()


def test_a_message_is_gone_only_when_its_job_is_settled(settings: dict[str, Any]) -> None:
    assert settings["task_acks_late"] is True
    assert settings["task_reject_on_worker_lost"] is True
    assert settings["worker_prefetch_multiplier"] == 1


def test_json_is_all_that_travels(settings: dict[str, Any]) -> None:
    assert settings["accept_content"] == ["json"]
    assert settings["task_serializer"] == settings["result_serializer"] == "json"


def test_results_stay_in_the_ledger(settings: dict[str, Any]) -> None:
    assert settings["result_backend"] is None
    assert settings["task_ignore_result"] is True


def test_flower_sees_every_task(settings: dict[str, Any]) -> None:
    assert settings["worker_send_task_events"] is True
    # What was sent and not yet received is the ledger's to show; the event costs a tenth of a ms.
    assert settings["task_send_sent_event"] is False


def test_both_ends_use_the_channel_that_keeps_its_client(redis_server: str) -> None:
    app = Celery("test", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=redis_server, threads=4))
    with app.connection_for_write() as connection:
        channel = connection.channel()
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel.pool.disconnect()
        channel._pool = None
        with channel.conn_or_acquire() as third:
            assert third is not first


def test_a_lost_message_comes_back_later_than_the_lease_of_its_job(
    settings: dict[str, Any],
) -> None:
    visible = settings["broker_transport_options"]["visibility_timeout"]
    assert visible == belt.VISIBILITY_S > Settings(_env_file=None).lease_seconds


def test_there_is_one_queue_a_lane_and_no_tick_is_called_like_a_job() -> None:
    assert belt.QUEUES == ("live", "bulk", "sweep")
    ticks = {value for name, value in vars(belt).items() if name.startswith("TICK_")}
    assert len(ticks) == 6
    assert not ticks & {kind.value for kind in Kind}
