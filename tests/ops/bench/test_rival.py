"""The plain project does its job when nobody refuses it: it is no straw man."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from celery import Celery

from ops.bench import rival, world
from ops.bench.backfilling import judged
from ops.bench.world import Crm
from ops.students import write_export


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    with world.crm(tmp_path_factory.mktemp("crm"), locations=2) as started:
        yield started


@pytest.fixture
def project(crm: Crm) -> Iterator[Callable[[int], Celery]]:
    """Makes the project of the location with that number."""
    with contextlib.ExitStack() as stack:

        def build(number: int) -> Celery:
            location, token = crm.locations[number]
            session = stack.enter_context(contextlib.closing(rival.Session(crm.url, token)))
            return rival.build({rival.BROKER: "memory://", rival.LOCATION: location}, session)

        yield build


def test_every_row_is_in_the_crm_once_with_its_tag(
    crm: Crm, project: Callable[[int], Celery], tmp_path: Path
) -> None:
    file = tmp_path / "students.csv"
    write_export(file, 3)
    app = project(0)

    for row in [*rival.rows(str(file)), *rival.rows(str(file))]:
        app.tasks[rival.TASK](row)

    found = {one.what: one for one in judged(crm, file, before=crm.report())}
    assert found["students in the CRM"].good
    assert found["of them with the right name"].good
    assert found["of them with the tag of each course"].good
    assert found["contacts twice (email or phone)"].good


def test_a_refused_call_is_an_error_that_celery_tries_again(
    crm: Crm, project: Callable[[int], Celery], tmp_path: Path
) -> None:
    location, _ = crm.locations[1]
    app = project(1)
    file = tmp_path / "students.csv"
    write_export(file, 1)
    (row,) = rival.rows(str(file))
    task = app.tasks[rival.TASK]
    task(row)
    httpx.post(
        f"{crm.url}/_simulator/strangers", json={"location": location, "calls": 200}
    ).raise_for_status()

    with pytest.raises(httpx.HTTPStatusError, match="429"):
        task(row)

    assert issubclass(httpx.HTTPStatusError, task.autoretry_for)


def test_the_limit_is_celerys_own(project: Callable[[int], Celery]) -> None:
    task = project(0).tasks[rival.TASK]

    assert (task.rate_limit, task.max_retries, task.acks_late) == ("10/s", rival.RETRIES, False)


class Listed:
    """Calls that are only written down."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.made.append((path, body))
        return {"contact": {"id": "c1"}}


ROW = {
    "Name": "Ada Brown", "Email": "ada@example.org", "Phone": "", "Country": "US",
    "Course": "Baking Bread", "Level": "", "Enrolled on": "2026-05-01",
}  # fmt: skip


def test_tag_goes_with_its_contact_where_one_call_is_asked_for() -> None:
    calls = Listed()
    env = {rival.LOCATION: "loc1", rival.ONE_CALL: "1"}

    rival.Work.of(env, calls).sync(ROW)

    ((path, body),) = calls.made
    assert (path, body["tags"]) == ("/contacts/upsert", ["course: Baking Bread"])
    assert "phone" not in body


def test_note_follows_its_contact_if_the_row_has_a_date() -> None:
    calls = Listed()
    work = rival.Work.of({rival.LOCATION: "loc1", rival.ONE_CALL: "1", rival.NOTES: "1"}, calls)

    work.sync(ROW)
    work.sync(ROW | {"Enrolled on": ""})

    notes = [body for path, body in calls.made if path == "/contacts/c1/notes"]
    assert notes == [{"body": "Enrolled in Baking Bread on 2026-05-01"}]


def test_live_rows_are_read_as_they_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{json.dumps(ROW)}\n"))

    assert list(rival.incoming()) == [ROW]
    assert capsys.readouterr().out.encode().strip() == rival.READY
