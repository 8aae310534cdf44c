"""What Flower shows of real jobs: done, tried again, parked; and nothing of anybody."""

from __future__ import annotations

import csv
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import redis

pytestmark = [pytest.mark.journey, pytest.mark.redis]

CREATE = "POST /contacts/"

PERSONAL = ("Zwetschge", "Kunigunde", "kunigunde.zwetschge@example.org", "2025550147", "allergic")
"""Of the one student: each must be found in the database, and nowhere else."""


def test_a_done_job_is_success_one_tried_again_retry_and_a_parked_one_failure(
    rollbook_up: Callable[..., Any], crm: Any, at_the_crm: dict[str, str]
) -> None:
    up = rollbook_up(**at_the_crm, ROLLBOOK_BACKOFF_SECONDS="0.5")
    up.until(lambda: _workers(up) != {}, "a worker in Flower")

    def states(kind: str) -> list[str]:
        tasks = json.loads(up.flower("api/tasks")[1] or "{}")
        ours = sorted((id, one["state"]) for id, one in tasks.items() if one["name"] == kind)
        return [state for _, state in ours]

    _fault(crm, kind="error", status=500, times=1, operations=[CREATE])
    up.rollbook("backfill", str(_student(up, "one")), "--no-wait")
    up.until(lambda: states("contact.push") == ["RETRY", "SUCCESS"], "a retry, then success")

    _fault(crm, kind="error", status=422, times=1, operations=[CREATE])
    up.rollbook("backfill", str(_student(up, "other", phone="2025550148")), "--no-wait")
    up.until(lambda: states("contact.push") == ["RETRY", "SUCCESS", "FAILURE"], "a parked one")

    tasks = json.loads(up.flower("api/tasks")[1])
    (retried,) = [one for one in tasks.values() if one["state"] == "RETRY"]
    assert "attempt 1 of 8" in retried["exception"]
    assert "again at" in retried["exception"]
    parked = [one["exception"] for one in tasks.values() if one["state"] == "FAILURE"]
    assert any("crm-refused" in text for text in parked)


def test_no_page_no_key_of_redis_and_no_line_holds_anything_of_a_person(
    rollbook_up: Callable[..., Any], crm: Any, at_the_crm: dict[str, str]
) -> None:
    up = rollbook_up(**at_the_crm, ROLLBOOK_BACKOFF_SECONDS="0.5", ROLLBOOK_LOG_LEVEL="debug")
    _fault(crm, kind="error", status=500, times=1, operations=[CREATE])
    up.rollbook("backfill", str(_student(up, "one")), "--map", str(_mapping(up)), "--no-wait")
    url = json.loads((up.home / "redis" / "address.json").read_text())["url"]
    looks: list[bytes] = []

    def there() -> bool:
        looks.append(_everything(belt) + _pages(up))
        return crm.report()["notes"] == 1 and looks[-1].count(b"SUCCESS") >= 3

    with redis.Redis.from_url(url) as belt:
        up.until(there, "the student with a tag and a note")
    seen = b"".join(looks)
    assert b"contact.push" in seen
    assert b"rollbook:limit" in seen
    assert up.stop() == 0, up.said

    stored = b"".join(path.read_bytes() for path in up.home.glob("rollbook.db*"))
    for word in PERSONAL:
        assert word.encode() in stored, "the student never came there: this test shows nothing"
        assert word.encode() not in seen
        assert word not in up.said
    secrets = (at_the_crm["ROLLBOOK_CRM_TOKEN"], url.partition("@")[0].rpartition(":")[2])
    for secret in secrets:
        assert secret.encode() not in seen
        assert secret not in up.said


def _student(up: Any, name: str, phone: str = "2025550147") -> Any:
    """An export of one student, who is in the CRM only once it is sent."""
    path = up.home / f"{name}.csv"
    email = PERSONAL[2] if name == "one" else f"{name}@example.org"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("First name", "Last name", "Email", "Phone", "Remark"))
        writer.writerow((PERSONAL[1], PERSONAL[0], email, f"+1{phone}", PERSONAL[4]))
    return path


def _mapping(up: Any) -> Any:
    path = up.home / "map.toml"
    path.write_text(
        '[fields]\nfirst_name = "First name"\nlast_name = "Last name"\nemail = "Email"\n'
        'phone = "Phone"\n\n[[tags]]\ntag = "student"\n\n[[notes]]\ntemplate = "{Remark}"\n'
    )
    return path


def _fault(crm: Any, **fault: object) -> None:
    request = urllib.request.Request(
        f"{crm.url}/_simulator/faults",
        data=json.dumps(fault).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201


def _workers(up: Any) -> dict[str, Any]:
    """What Flower knows of the workers, with their settings."""
    return dict(json.loads(up.flower("api/workers?refresh=1")[1] or "{}"))


def _pages(up: Any) -> bytes:
    """Everything that Flower shows: tables, each task, each worker, the broker, the metrics."""
    tasks = json.loads(up.flower("api/tasks")[1] or "{}")
    workers = _workers(up)
    paths = ["api/tasks", "api/workers", "broker", "tasks", "metrics"]
    paths += [f"task/{id}" for id in tasks] + [f"worker/{name}" for name in workers]
    paths += ["tasks/datatable?draw=1&start=0&length=100&search[value]=&order[0][column]=0"
              "&order[0][dir]=asc&columns[0][data]=name"]  # fmt: skip
    pages = [up.flower(path) for path in paths]
    return "".join(page for status, page in pages if status == 200).encode()


def _everything(belt: redis.Redis) -> bytes:
    """Every key of Redis with its value."""
    found = []
    for key in belt.scan_iter(count=1000):
        found.append(key + b" " + (belt.dump(key) or b""))
    return b"\n".join(found)
