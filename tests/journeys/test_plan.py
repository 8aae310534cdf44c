"""What was planned is what is done: `rollbook plan`, then `rollbook apply`, with real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from contacts.store import processes
from contacts.store.tables import metadata

pytestmark = [pytest.mark.journey, pytest.mark.redis]

HERE = "loc_journey"

MAPPING = """
[fields]
email = "Email"
name = "Name"
city = "City"
[[tags]]
template = "course: {Course}"
[[notes]]
template = "Enrolled in {Course}"
"""

EXPORT = """Email,Name,City,Course
ada@example.org,Ada Holm,Oslo,Guitar
ben@example.org,Ben Roth,Bergen,Guitar
eve@example.org,Eve Lund,Molde,Baking
"""


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


@pytest.mark.postgres
def test_on_postgresql_a_plan_writes_nothing_and_is_what_apply_then_does(
    new_house: Any, database: str
) -> None:
    house = new_house(database=database)
    file: Path = house.folder / "students.csv"
    file.write_text(EXPORT, "utf-8")
    (house.folder / "rollbook.toml").write_text(MAPPING, "utf-8")
    house.crm.seed(HERE, {"values": {"email": "ada@example.org", "city": "Rome"}, "tags": ["vip"]})
    before = rows(house)

    code, lines = typed(house, "plan", str(file))
    planned = last(lines, "plan")
    assert code == 0
    assert rows(house) == before
    assert calls_that_write(house) == []
    with redis.Redis.from_url(house.redis.url) as client:
        assert all(key.startswith(b"rollbook:limit:") for key in client.scan_iter()), "no job"
    house.start("dispatcher", "worker")
    code, done_lines = typed(house, "apply", planned["path"])
    done = last(done_lines, "applied")

    assert (code, done["stopped"]) == (0, None)
    assert done["done"]["calls"] == done["planned"]["calls"] == planned["calls"]
    assert done["done"]["fields"] == done["planned"]["fields"]
    foreseen = {one["person"]: one["changes"] for one in lines if one["event"] == "contact"}
    assert foreseen["ada@example.org"]["city"] == ["Rome", "Oslo"]
    assert foreseen["ben@example.org"]["tag:course: guitar"] == [False, True]
    there = {one["email"]: one for one in house.crm.contacts(HERE)}
    assert {who: one["city"] for who, one in there.items()} == {
        who: changes["city"][1] for who, changes in foreseen.items()
    }
    assert {who: set(one["tags"]) - {"vip"} for who, one in there.items()} == {
        who: {name.removeprefix("tag:") for name in changes if name.startswith("tag:")}
        for who, changes in foreseen.items()
    }


def rows(house: Any) -> dict[str, list[str]]:
    """All that the database holds."""
    with house.store.read() as tx:
        return {
            table.name: sorted(repr(row) for row in tx.execute(select(table)))
            for table in metadata.sorted_tables
        }
