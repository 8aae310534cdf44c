"""A file of many people: counted, merged, put once, and interrupted anywhere."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.errors import UsageError
from contacts.jobs import Kind
from contacts.store import ledger_view, runs
from contacts.store.database import DatabaseDown, Store
from producers.backfill import AGAIN_S, Ended
from producers.survey import Tally

ADA = ["ada@x.org", "202-555-0100", "Ada", "maths", "hello"]
BOB = ["bob@x.org", "", "Bob", "", ""]
CEM = ["", "+49 30 901820", "Cem", "", ""]

property_of_a_store = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def rejected(ended: Ended) -> list[dict[str, str]]:
    assert ended.rejects is not None
    with ended.rejects.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- what is put


def test_everybody_is_written_down_and_put_once(place: Any) -> None:
    ended = place.give([ADA, BOB, CEM])
    assert (ended.state, ended.rejects) == ("read", None)
    assert place.people() == {
        "ada@x.org": {
            "fields": {"email": "ada@x.org", "phone": "+12025550100", "name": "Ada"},
            "tags": ["maths"],
            "notes": ["says hello"],
            "owed": [("contact.note", "says hello"), ("contact.push", ""), ("contact.tag", "")],
        },
        "bob@x.org": {
            "fields": {"email": "bob@x.org", "name": "Bob"},
            "tags": [], "notes": [], "owed": [("contact.push", "")],
        },
        "+4930901820": {
            "fields": {"phone": "+4930901820", "name": "Cem"},
            "tags": [], "notes": [], "owed": [("contact.push", "")],
        },
    }  # fmt: skip
    assert ended.tally == Tally(rows=3, people=3, new=3, pushes=3, tags=1, notes=1)
    found = place.run(ended)
    assert (found.state, found.title, found.kind) == ("queued", "students.csv", "backfill")
    assert found.counts == ended.tally.counts() | {"jobs": 5}
    assert ledger_view.counts(place.store, run=ended.run).waiting == 5


def test_the_same_file_again_puts_nothing_for_people_in_step(place: Any) -> None:
    place.give([ADA, BOB, CEM])
    place.work()
    ended = place.give([ADA, BOB, CEM])
    assert ended.tally == Tally(rows=3, people=3, in_step=3)
    assert place.run(ended).state == "finished"
    assert place.work() == 0


def test_one_value_that_changed_is_one_job(place: Any) -> None:
    place.give([ADA, BOB, CEM])
    place.work()
    ended = place.give([ADA, [*BOB[:2], "Robert"], CEM])
    assert ended.tally.jobs == ended.tally.pushes == 1
    assert ended.tally.in_step == 2
    assert place.people()["bob@x.org"]["owed"] == [("contact.push", "")]


def test_a_file_given_again_before_its_jobs_are_done_doubles_none(place: Any) -> None:
    place.give([ADA, BOB])
    before = place.people()
    ended = place.give([ADA, BOB])
    assert place.people() == before
    assert ledger_view.counts(place.store, location=place.location).waiting == 4
    assert ended.tally.new == 0


def test_a_header_alone_is_a_run_with_nothing_to_do(place: Any) -> None:
    ended = place.give([])
    assert ended.tally == Tally()
    assert place.run(ended).state == "finished"


# ---------------------------------------------------------------- rows of one person


@pytest.mark.parametrize("rows_a_batch", [1, 2, 500])
def test_rows_of_one_person_merge_and_the_later_wins(place: Any, rows_a_batch: int) -> None:
    rows = [ADA, BOB, ["ADA@x.org ", "", "Augusta", "music", "again"], ["ada@x.org"]]
    ended = place.give(rows, rows_a_batch=rows_a_batch)
    assert (ended.tally.people, ended.tally.merged, ended.tally.new) == (2, 2, 2)
    assert (ended.tally.pushes, ended.tally.tags, ended.tally.notes) == (2, 1, 2)
    ada = place.people()["ada@x.org"]
    assert ada["fields"]["name"] == "Augusta"
    assert ada["tags"] == ["maths", "music"]
    assert ada["notes"] == ["says again", "says hello"]
    place.work()
    assert place.give(rows, rows_a_batch=rows_a_batch).tally.jobs == 0


def test_somebody_with_many_rows_is_counted_and_put_once(place: Any) -> None:
    rows = [["ada@x.org", "", f"Ada {n}", "maths", "hello"] for n in range(20)]
    ended = place.give(rows, rows_a_batch=3)
    assert (ended.tally.pushes, ended.tally.tags, ended.tally.notes) == (1, 1, 1)
    assert ended.tally.merged == 19


def test_no_note_is_lost_when_a_phone_is_replaced_by_a_later_row(place: Any) -> None:
    rows = [
        ["", "202-555-0100", "Ada", "", "one"],
        ["ada@x.org", "202-555-0100", "Ada", "", "two"],
        ["ada@x.org", "202-555-0111", "Ada", "", "three"],
    ]
    ended = place.give(rows, rows_a_batch=1)
    assert ended.tally.notes == 3
    owed = [note for kind, note in place.people()["ada@x.org"]["owed"] if kind == Kind.NOTE]
    assert owed == ["says one", "says three", "says two"]


# ---------------------------------------------------------------- rows with complaints


def test_complaints_go_to_the_rejects_and_the_rest_goes_on(place: Any) -> None:
    rows = [
        ADA,
        ["bob(at)x.org", "", "Bob"],
        ["cem@x.org", "12", "Cem", "", ""],
        ["", "", "Dilan", "", ""],
        ["eve@x.org", "2025550100", "Eve", "", ""],
        ["fay@x.org", "", "Fay", "", "", "too", "long"],
        BOB,
    ]
    ended = place.give(rows)
    assert [(row["line"], row["column"], row["outcome"]) for row in rejected(ended)] == [
        ("3", "Email", "left out"),
        ("4", "Phone", "sent without this value"),
        ("5", "Email and Phone", "left out"),
        ("6", "Phone", "sent without this value"),
        ("7", "row", "left out"),
    ]
    assert "belongs to another person already" in rejected(ended)[3]["reason"]
    assert set(place.people()) == {"ada@x.org", "cem@x.org", "eve@x.org", "bob@x.org"}
    assert (ended.tally.left_out, ended.tally.trimmed, ended.tally.people) == (3, 2, 4)
    assert ended.tally.rows == ended.tally.people + ended.tally.merged + ended.tally.left_out


def test_a_name_that_lost_a_character_is_left_out_and_the_others_are_right(place: Any) -> None:
    path = place.folder / "students.csv"
    rows = ["Email,Phone,Name,Tag,Note", "a@x.org,,Müller,,", "b@x.org,,Zoë,,", "c@x.org,,JosX,,"]
    path.write_bytes("\n".join(rows).encode().replace(b"JosX", b"Jos\xe9"))
    ended = place.backfill(path).run()
    names = {email: one["fields"].get("name") for email, one in place.people().items()}
    assert names == {"a@x.org": "Müller", "b@x.org": "Zoë", "c@x.org": None}
    assert [(row["line"], row["column"]) for row in rejected(ended)] == [("4", "Name")]


def test_rejects_that_were_corrected_and_given_bring_the_rest(place: Any) -> None:
    ended = place.give([ADA, ["bob(at)x.org", "", "=Bob", "", ""]])
    assert ended.rejects is not None
    text = ended.rejects.read_text("utf-8-sig").replace("bob(at)x.org", "bob@x.org")
    ended.rejects.write_text(text, encoding="utf-8-sig")
    place.backfill(ended.rejects).run()
    assert place.people()["bob@x.org"]["fields"] == {"email": "bob@x.org", "name": "=Bob"}


def test_the_file_itself_is_never_taken_for_its_rejects(place: Any) -> None:
    path = place.file([["bad"]])
    backfill = place.backfill(path)
    backfill.rejects.path = path
    with pytest.raises(UsageError, match="is the file to read"):
        backfill.run()
    assert runs.latest(place.store) is None


def test_a_file_that_changes_meanwhile_interrupts_the_run_with_one_clear_line(place: Any) -> None:
    path = place.file([ADA, BOB, CEM])

    def grow(tally: Tally) -> None:
        if tally.rows == 2:
            with path.open("a") as file:
                file.write("dan@x.org\n")

    with pytest.raises(UsageError, match="was changed while it was read"):
        place.backfill(path, tell=grow, rows_a_batch=1).run()
    found = runs.latest(place.store)
    assert found.state == "interrupted"


# ---------------------------------------------------------------- Ctrl-C, and a database that goes


class Flaky(Store):
    """A store of which some write transactions go wrong, before or after their commit."""

    def __init__(self, store: Store, wrong: dict[int, BaseException], *, after: bool) -> None:
        self.__dict__ = store.__dict__
        self.wrong, self.after, self.writes = dict(wrong), after, 0

    def write(self) -> Any:
        self.writes += 1
        return _Wrong(super().write(), self.wrong.get(self.writes), after=self.after)


class _Wrong:
    def __init__(self, whole: Any, error: BaseException | None, *, after: bool) -> None:
        self.whole, self.error, self.after = whole, error, after

    def __enter__(self) -> Any:
        return self.whole.__enter__()

    def __exit__(self, *caught: Any) -> Any:
        if self.error is None or caught[0] is not None:
            return self.whole.__exit__(*caught)
        if self.after:
            self.whole.__exit__(None, None, None)
        else:
            self.whole.__exit__(type(self.error), self.error, None)
        raise self.error


def is_settled(rows: list[Any]) -> bool:
    """No phone that stands alone in one row is replaced in another one (docs/mapping.md)."""
    alone = {phone for email, phone, *_ in rows if phone and email in ("", "bad")}
    phones = {(email, phone) for email, phone, *_ in rows if email and phone}
    several = {email for email, _ in phones if sum(email == one for one, _ in phones) > 1}
    return not any(email in several and phone in alone for email, phone in phones)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "ada@x.org", "bob@x.org", "cem@x.org", "bad"]),
        st.sampled_from(["", "202-555-0100", "+1 202 555 0111", "12"]),
        st.sampled_from(["", "Ada", "Bob"]),
        st.sampled_from(["", "maths", "music"]),
        st.sampled_from(["", "hello", "bye"]),
    ),
    min_size=1,
    max_size=9,
).filter(is_settled)


@property_of_a_store
@given(rows=ROWS, rows_a_batch=st.integers(1, 4))
def test_whatever_the_rows_given_twice_they_make_no_job(
    new_place: Callable[[], Any], rows: list[Any], rows_a_batch: int
) -> None:
    place = new_place()
    first = place.give(rows, rows_a_batch=rows_a_batch)
    assert first.tally.rows == first.tally.people + first.tally.merged + first.tally.left_out
    place.work()
    before = place.people()
    second = place.give(rows, rows_a_batch=rows_a_batch)
    assert second.tally.jobs == 0
    assert second.tally.in_step == second.tally.people == first.tally.people
    assert place.people() == before


@property_of_a_store
@given(rows=ROWS, rows_a_batch=st.integers(1, 4), at=st.integers(1, 8), after=st.booleans())
def test_interrupted_anywhere_and_given_again_it_is_as_if_nothing_had_been(
    new_place: Callable[[], Any], rows: list[Any], rows_a_batch: int, at: int, after: bool
) -> None:
    whole, broken = new_place(), new_place()
    whole.give(rows, rows_a_batch=rows_a_batch)
    flaky = Flaky(broken.store, {at + 1: KeyboardInterrupt()}, after=after)
    first = broken.give(rows, rows_a_batch=rows_a_batch, store=flaky)
    assert first.state == ("interrupted" if flaky.writes > at + 1 else "read")
    assert broken.run(first).state in ("interrupted", "finished", "queued")
    again = broken.give(rows, rows_a_batch=rows_a_batch)
    assert again.state == "read"
    assert broken.people() == whole.people()


@property_of_a_store
@given(
    rows=ROWS,
    rows_a_batch=st.integers(1, 4),
    at=st.sets(st.integers(1, 9), max_size=4),
    after=st.booleans(),
)
def test_a_database_that_restarts_changes_nothing(
    new_place: Callable[[], Any], rows: list[Any], rows_a_batch: int, at: set[int], after: bool
) -> None:
    whole, shaken = new_place(), new_place()
    expected = whole.give(rows, rows_a_batch=rows_a_batch).tally
    slept: list[float] = []
    flaky = Flaky(shaken.store, dict.fromkeys(at, DatabaseDown("gone")), after=after)
    found = shaken.give(rows, rows_a_batch=rows_a_batch, store=flaky, sleep=slept.append).tally
    assert len(slept) == len([number for number in at if number <= flaky.writes])
    assert shaken.people() == whole.people()
    if after:
        found.new = expected.new  # whose commit was not answered was known at the second attempt
    assert found == expected


def test_a_database_that_stays_away_ends_the_run_and_the_rejects_are_there(place: Any) -> None:
    slept: list[float] = []
    down = dict.fromkeys(range(3, 100), DatabaseDown("gone"))
    flaky = Flaky(place.store, down, after=False)
    backfill = place.backfill(
        place.file([["bad", "", "Ada"], BOB]), store=flaky, sleep=slept.append, rows_a_batch=1
    )
    with pytest.raises(DatabaseDown):
        backfill.run()
    assert slept == [*AGAIN_S, *AGAIN_S]
    assert backfill.rejects.path.exists()
    ended = place.give([["bad", "", "Ada"], BOB])
    assert ended.tally.people == 1


def test_progress_is_told_after_each_batch(place: Any) -> None:
    told: list[int] = []
    place.give([ADA, BOB, CEM], rows_a_batch=2, tell=lambda tally: told.append(tally.rows))
    assert told == [2, 3]


def test_the_temporary_list_of_latecomers_leaves_nothing_behind(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    place.give([ADA, ADA])
    assert list((tmp_path / "tmp").iterdir()) == []
