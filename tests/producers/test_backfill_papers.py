"""A file's notes with keys and its tasks: put once, changed once, and nothing for the same file."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.store import contact_tasks, notebook
from producers import mapping

COLUMNS = "Email,Order,Price,Start"
MAPPING = {
    "fields": {"email": "Email"},
    "notes": [{"key": "{Order}", "template": "Paid {Price}"}],
    "tasks": [{"key": "{Order}", "title": "Order {Order}", "due": "{Start}"}],
}


@pytest.fixture
def give(place: Any, tmp_path: Any) -> Any:
    """Backfills rows by that mapping."""

    def run(*rows: str, **more: Any) -> Any:
        path = tmp_path / "orders.csv"
        path.write_text("\n".join([COLUMNS, *rows]), "utf-8")
        export = mapping.parse(MAPPING, origin="rollbook.toml")
        return place.backfill(path, export, **more).run()

    return run


def notes(place: Any) -> list[str]:
    with place.store.read() as tx:
        return [one.body for one in notebook.of(tx, 1)]


def test_they_are_put_once_and_the_same_file_is_no_work(give: Any, place: Any) -> None:
    ended = give("ada@x.org,7,10,2027-01-16")
    assert (ended.tally.pushes, ended.tally.notes, ended.tally.tasks) == (1, 1, 1)
    assert ended.tally.jobs == 3
    place.work()
    assert give("ada@x.org,7,10,2027-01-16").tally.jobs == 0


def test_another_text_under_a_key_is_one_job(give: Any, place: Any) -> None:
    give("ada@x.org,7,10,2027-01-16")
    place.work()
    ended = give("ada@x.org,7,20,2027-01-17")
    assert (ended.tally.notes, ended.tally.tasks, ended.tally.pushes) == (1, 1, 0)
    assert notes(place) == ["Paid 20"]
    with place.store.read() as tx:
        (task,) = contact_tasks.of(tx, 1)
    assert task.owed


@pytest.mark.parametrize("rows_a_batch", [1, 2, 500])
def test_rows_of_one_person_with_two_texts_are_no_work_the_second_time(
    give: Any, place: Any, rows_a_batch: int
) -> None:
    rows = ["ada@x.org,7,10,2027-01-16", "bob@x.org,,,", "ada@x.org,7,20,2027-01-17"]
    ended = give(*rows, rows_a_batch=rows_a_batch)
    assert (ended.tally.notes, ended.tally.tasks) == (1, 1)
    place.work()
    assert notes(place) == ["Paid 20"]

    assert give(*rows, rows_a_batch=rows_a_batch).tally.jobs == 0
