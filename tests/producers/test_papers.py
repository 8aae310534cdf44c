"""Notes with keys and tasks: as ``rollbook.toml`` has them, and as a row makes them."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.contact import AskedTask
from contacts.errors import UsageError
from producers import mapping, papers
from producers.people import People, Read
from producers.rows import Row

COLUMNS = ["Email", "Course", "Order", "Price", "Start"]
FIELDS = {"email": "Email"}
JAN_16_NOON = 1_800_100_800.0


def read(*cells: str, **document: Any) -> Read:
    export = mapping.parse({"fields": FIELDS, **document}, origin="rollbook.toml")
    return People(export, COLUMNS).read(Row(2, list(cells)), "US")


def mistakes(**document: Any) -> list[str]:
    with pytest.raises(UsageError) as caught:
        mapping.parse({"fields": FIELDS, **document}, origin="rollbook.toml")
    return str(caught.value).splitlines()


NOTE = {"key": "{Order}", "template": "Paid {Price}"}
TASK = {"title": "Welcome to {Course}", "due": "{Start}"}


def test_a_note_with_a_key_is_told_apart_from_one_without() -> None:
    one = read("a@x.org", "Bread", "7", "10", notes=[NOTE, {"template": "In {Course}"}])
    assert one.person is not None
    assert one.person.named_notes == (("7", "Paid 10"),)
    assert one.person.notes == ("In Bread",)


@pytest.mark.parametrize("blank", ["Order", "Price"])
def test_a_note_whose_key_or_text_is_blank_is_left_out(blank: str) -> None:
    cells = ["a@x.org", "Bread", "7", "10", ""]
    cells[COLUMNS.index(blank)] = " "
    one = read(*cells, notes=[NOTE])
    assert one.person is not None
    assert (one.person.named_notes, one.complaints) == ((), ())


def test_a_row_asks_for_a_task() -> None:
    more = {"body": "Order {Order}", "key": "{Order}", "days": 1, "assigned_to": "user1"}
    one = read("a@x.org", "Bread", "7", "", "2027-01-15", tasks=[TASK | more])
    assert one.person is not None
    asked = AskedTask("7", "Welcome to Bread", "Order 7", JAN_16_NOON, "user1")
    assert one.person.tasks == (asked,)


def test_a_task_without_a_key_is_known_by_its_title_and_a_blank_text_is_none() -> None:
    one = read("a@x.org", "Bread", "", "", "01/16/2027", tasks=[TASK | {"body": "{Order}"}])
    assert one.person is not None
    title = "Welcome to Bread"
    assert one.person.tasks == (AskedTask(title, title, "", JAN_16_NOON),)


@pytest.mark.parametrize("blank", ["Course", "Start"])
def test_a_task_without_title_or_day_is_left_out(blank: str) -> None:
    cells = ["a@x.org", "Bread", "7", "10", "2027-01-16"]
    cells[COLUMNS.index(blank)] = ""
    one = read(*cells, tasks=[TASK])
    assert one.person is not None
    assert (one.person.tasks, one.complaints) == ((), ())


def test_a_day_that_is_none_is_told_with_its_column() -> None:
    one = read("a@x.org", "Bread", "7", "10", "soon", tasks=[TASK])
    assert one.person is not None
    assert one.person.tasks == ()
    (told,) = one.complaints
    assert (told.column, told.reason) == (
        "Start",
        "is not a date (YYYY-MM-DD or MM/DD/YYYY): the task is left out",
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2027-01-16", JAN_16_NOON),
        ("01/16/2027", JAN_16_NOON),
        ("2027-01-16T12:00:00Z", JAN_16_NOON),
        ("2027-01-16 12:00", JAN_16_NOON),
        ("2027-01-16T13:00:00+01:00", JAN_16_NOON),
    ],
)
def test_when_a_task_is_due(text: str, at: float) -> None:
    assert papers.due_at(text) == at


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"notes": [{"key": "{Order}"}]}, "notes[1].template must be a text such as"),
        ({"notes": [NOTE | {"key": 7}]}, "notes[1].key must be a text such as"),
        ({"notes": [NOTE | {"name": "x"}]}, "notes[1].name means nothing here"),
        ({"tasks": [{"title": "x"}]}, "tasks[1].due must be a text such as"),
        ({"tasks": [{"due": "x"}]}, "tasks[1].title must be a text such as"),
        ({"tasks": [TASK | {"days": "3"}]}, "tasks[1].days must be a whole number"),
        ({"tasks": [TASK | {"days": -1}]}, "tasks[1].days must be a whole number"),
        ({"tasks": [TASK | {"assigned_to": 1}]}, "tasks[1].assigned_to must be the id of a user"),
        ({"tasks": [TASK | {"titel": "x"}]}, 'tasks[1].titel means nothing here; did you mean'),
        ({"tasks": TASK}, "tasks must be a list of tables: begin each with [[tasks]]"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_key(document: dict[str, Any], line: str) -> None:
    assert any(line in one for one in mistakes(**document))


def test_a_column_that_the_file_does_not_have_is_told() -> None:
    export = mapping.parse({"fields": FIELDS, "tasks": [TASK]}, origin="rollbook.toml")
    with pytest.raises(UsageError, match='tasks: the file has no column "Start"'):
        People(export, ["Email", "Course"])
