"""What was planned is what is done: `rollbook plan`, then `rollbook apply`, with real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contacts.store import processes

pytestmark = [pytest.mark.journey, pytest.mark.redis]

HERE = "loc_journey"


def up(house: Any) -> None:
    house.start("up")
    house.until(lambda: processes.slots(house.store, "worker") > 0, "a worker")


def typed(house: Any, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """Type a command with ``--json``; returns its exit code and the lines it prints."""
    done = subprocess.run(
        [*house.command, *words, "--json"],
        env=house.env,
        cwd=house.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def last(lines: list[dict[str, Any]], event: str) -> dict[str, Any]:
    return next(one for one in reversed(lines) if one.get("event") == event)


def test_a_plan_is_what_apply_then_does(new_house: Any) -> None:
    house = new_house(own_redis=False)
    file: Path = house.export(60)
    up(house)

    code, lines = typed(house, "plan", str(file))
    planned = last(lines, "plan")
    assert code == 0
    assert house.crm.contacts(HERE) == [], "a plan writes nothing"
    code, lines = typed(house, "apply", planned["path"])
    done = last(lines, "applied")

    assert code == 0
    assert done["done"]["calls"] == done["planned"]["calls"] == planned["calls"]
    assert done["done"]["fields"] == done["planned"]["fields"]
    assert done["stopped"] is None
    house.judge(file)
    assert house.stop("up") == 0
