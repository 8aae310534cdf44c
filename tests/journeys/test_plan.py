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


def test_what_changed_in_between_stops_apply_before_anything_is_written(new_house: Any) -> None:
    house = new_house(own_redis=False)
    file: Path = house.export(6)
    up(house)
    _, lines = typed(house, "plan", str(file))
    assert typed(house, "apply", last(lines, "plan")["path"])[0] == 0
    text = file.read_text("utf-8")
    name = text.splitlines()[1].split(",")[0]
    file.write_text(text.replace(f"\n{name},", "\nAnother Name,", 1), "utf-8")

    _, lines = typed(house, "plan", str(file))
    (changed,) = [one for one in lines if one["event"] == "contact" and "name" in one["changes"]]
    theirs = next(one for one in house.crm.contacts(HERE) if one["email"] == changed["person"])
    house.crm.seed(HERE, {"id": theirs["id"], "values": {"firstName": "Meanwhile"}})
    writes = len(calls_that_write(house))
    code, lines = typed(house, "apply", last(lines, "plan")["path"])

    assert code == 4
    (difference,) = [one for one in lines if one["event"] == "difference"]
    assert (difference["person"], difference["name"]) == (changed["person"], "name")
    assert difference["planned"] == changed["changes"]["name"]
    assert "Meanwhile" in difference["now"][0]
    assert len(calls_that_write(house)) == writes

    _, lines = typed(house, "reconcile", "--plan")
    planned = last(lines, "plan")
    code, lines = typed(house, "apply", planned["path"], "--yes")
    done = last(lines, "applied")
    assert (code, done["done"]["calls"]) == (0, planned["calls"])
    assert house.stop("up") == 0


def calls_that_write(house: Any) -> list[Any]:
    """As the CRM saw them."""
    reads = ("GET ", "POST /contacts/search")
    return [one for one in house.crm.arrivals(HERE) if not one["operation"].startswith(reads)]
