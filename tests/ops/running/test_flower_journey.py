"""What Flower shows of real jobs: done, tried again, parked."""

from __future__ import annotations

import csv
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.redis]

CREATE = "POST /contacts/"


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


def _student(up: Any, name: str, phone: str = "2025550147") -> Any:
    """An export of one student, who is in the CRM only once it is sent."""
    path = up.home / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("First name", "Last name", "Email", "Phone", "Remark"))
        writer.writerow(("Ada", "Byron", f"{name}@example.org", f"+1{phone}", "none"))
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
