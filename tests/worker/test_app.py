"""The Celery application's rules: they keep the belt short and every loss harmless."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from contacts.jobs import Kind
from worker import reconnect, telling
from worker.app import build_app


@pytest.fixture
def app(shop: Any) -> Any:
    made = build_app(shop.bench)
    yield made
    made.close()


def test_a_message_is_acknowledged_after_the_work_and_one_is_taken_at_a_time(app: Any) -> None:
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    assert conf.worker_prefetch_multiplier == 1


def test_only_json_travels_events_are_on_and_no_result_is_kept(app: Any) -> None:
    conf = app.conf
    assert (conf.accept_content, conf.task_serializer) == (["json"], "json")
    assert (conf.worker_send_task_events, conf.task_send_sent_event) == (True, False)
    assert (conf.result_backend, conf.task_ignore_result) == (None, True)


def test_every_kind_of_job_has_a_task_of_its_name(app: Any) -> None:
    assert {kind.value for kind in Kind} <= set(app.tasks)


def test_the_consumer_is_the_one_that_tells_in_batches_and_outlives_redis(app: Any) -> None:
    assert app.conf.worker_consumer == "worker.telling:Consumer"
    assert issubclass(telling.Consumer, reconnect.Consumer)


def test_a_message_comes_back_later_than_its_jobs_lease(shop: Any, app: Any) -> None:
    visible = app.conf.broker_transport_options["visibility_timeout"]
    assert visible > shop.bench.settings.lease_seconds


def test_its_start_loads_neither_alembic_nor_the_command_line_of_httpx() -> None:
    code = (
        "import sys, worker.app;"
        "print([m for m in ('alembic', 'rich.progress') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
