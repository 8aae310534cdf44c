"""Whatever changes a value says so in the transaction of the change, once, in one row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from contacts.contact import Person
from contacts.delta import Delta
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import (
    findings,
    ledger,
    meeting,
    newcomers,
    roster,
    runs,
    story,
    tag_changes,
    timeline,
)
from contacts.store.database import Store
from contacts.store.meeting import Seen
from contacts.store.tables import timeline as table
from contacts.store.timeline import Entry, What

from .conftest import HERE, take

DAY_S = 86_400.0


def upsert(store: Store, person: Person, **more: Any) -> int:
    with store.write() as tx:
        (one,) = roster.upsert(tx, HERE, [person], now=store.clock(), **more)
    return one.contact


def told(store: Store, contact: int) -> list[tuple[str, dict[str, Any]]]:
    """What happened, without when and why."""
    with store.read() as tx:
        return [(one.what, dict(one.changes)) for one in timeline.of(tx, contact)]


def met(store: Store, contact: int, seen: Seen, sent: dict[str, Any] | None = None) -> None:
    """A push or a look, without the call."""
    with store.write() as tx:
        ledger.put(tx, [Wish(Kind.PUSH, HERE, contact, run=7)], now=store.clock())
    job = take(store)
    with store.write() as tx:
        ledger.done(tx, job, now=store.clock())
        meeting.meet(tx, job, contact, seen, sent=sent, now=store.clock(), why="webhook 4 Some")


def seen(at: float | None = None, tags: list[str] | None = None, **values: Any) -> Seen:
    return Seen("crm1", values, tags, at, {})


def test_a_new_contact_is_one_row_with_its_fields_tags_and_notes(store: Store) -> None:
    ada = Person({"email": "ada@example.org"}, frozenset({"vip"}), notes=("Called.",))

    contact = upsert(store, ada, cause="a file", run=3)

    with store.read() as tx:
        (one,) = timeline.of(tx, contact)
        (note,) = [name for name in one.changes if name.startswith("note:")]
    assert (one.what, one.cause, one.run, one.job) == ("new", "a file", 3, None)
    assert one.changes == {
        "email": [None, "ada@example.org"],
        "tag:vip": [None, True],
        note: [None, "Called."],
    }


def test_saying_it_again_says_nothing(store: Store) -> None:
    ada = Person({"email": "ada@example.org"}, frozenset({"vip"}), notes=("Called.",))
    contact = upsert(store, ada)

    upsert(store, ada)

    assert len(told(store, contact)) == 1


def test_only_what_changed_is_told_from_what_to_what(store: Store) -> None:
    contact = upsert(store, Person({"email": "ada@example.org", "city": "Bonn"}, frozenset({"a"})))

    upsert(
        store, Person({"email": "ada@example.org", "city": "Köln"}, remove_tags=frozenset({"a"}))
    )

    assert told(store, contact)[1:] == [
        ("said", {"city": ["Bonn", "Köln"], "tag:a": [True, False]})
    ]


def test_a_push_tells_what_arrived_what_is_spelled_otherwise_and_what_was_dropped(
    store: Store,
) -> None:
    fields = {"email": "ada@example.org", "custom.points": "7.50", "city": "Bonn"}
    contact = upsert(store, Person(fields))
    answer = seen(**{"email": "ada@example.org", "custom.points": 7.5})

    met(store, contact, answer, sent=fields)

    assert told(store, contact)[1:] == [
        (
            "sent",
            {
                "email": [None, "ada@example.org"],
                "custom.points": [None, "7.50"],
                "link": [None, "crm1"],
            },
        ),
        ("normalised", {"custom.points": ["7.50", 7.5]}),
        ("refused", {"city": ["Bonn", None]}),
    ]


def test_a_look_tells_what_was_taken_over_and_the_tags(store: Store) -> None:
    contact = upsert(store, Person({"email": "ada@example.org", "city": "Bonn"}))
    met(store, contact, seen(email="ada@example.org", city="Bonn"), sent={"city": "Bonn"})

    met(store, contact, seen(email="ada@example.org", city="Hamm", tags=["vip"]))

    (what, changes) = told(store, contact)[-1]
    assert (what, changes) == ("taken", {"city": ["Bonn", "Hamm"], "tag:vip": [None, True]})


def test_a_conflict_is_told_once_with_both_values_and_what_decided(
    store: Store, clock: Any
) -> None:
    contact = upsert(store, Person({"email": "ada@example.org", "city": "Bonn"}))
    met(store, contact, seen(email="ada@example.org", city="Bonn"), sent={"city": "Bonn"})
    upsert(store, Person({"email": "ada@example.org", "city": "Köln"}))

    met(store, contact, seen(at=1.0, email="ada@example.org", city="Hamm"))

    with store.read() as tx:
        (one,) = [one for one in timeline.of(tx, contact) if one.what == "conflict"]
    assert one.changes == {"city": ["Hamm", "Köln", "theirs", "newest"]}
    assert (one.cause, one.run) == ("webhook 4 Some", 7)
    assert story.named(one.cause) == [4]


def test_an_echo_tells_nothing(store: Store) -> None:
    contact = upsert(store, Person({"email": "ada@example.org", "city": "Bonn"}))
    answer = seen(email="ada@example.org", city="Bonn")
    met(store, contact, answer, sent={"email": "ada@example.org", "city": "Bonn"})
    before = told(store, contact)

    met(store, contact, answer)

    assert told(store, contact) == before


def test_a_contact_that_went_here_leaves_one_row_without_a_value(store: Store) -> None:
    contact = upsert(store, Person({"email": "ada@example.org"}))
    with store.write() as tx:
        newcomers.remove(tx, contact, cause="deleted", now=store.clock())

    assert told(store, contact) == [("removed", {})]


def test_told_tags_are_told(store: Store) -> None:
    contact = upsert(store, Person({"email": "ada@example.org"}, frozenset({"vip"})))
    with store.write() as tx:
        job = Job(7, 1, Kind.TAG, HERE, contact, 0, Lane.BULK, 0, False, None, 60.0)
        told_of = tag_changes.Told(job, Delta(True, frozenset({"vip"})), None)
        tag_changes.settle(tx, [told_of], now=2.0)

    assert told(store, contact)[-1] == ("sent", {"tag:vip": [False, True]})


def test_nothing_changed_is_no_row(store: Store) -> None:
    with store.write() as tx:
        timeline.note(tx, 1, What.SAID, {}, now=1.0)

    assert told(store, 1) == []


def test_what_is_older_than_its_days_is_forgotten(store: Store, clock: Any) -> None:
    now = store.clock()
    with store.write() as tx:
        for at in (now - 91 * DAY_S, now - 89 * DAY_S):
            timeline.note(tx, 1, What.SAID, {"city": (None, "Bonn")}, now=at)

    assert timeline.prune(store, older_than_s=90 * DAY_S) == 1
    with store.read() as tx:
        assert tx.execute(select(func.count()).select_from(table)).scalar_one() == 1


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y"])),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y"])),
)
def test_changes_lead_from_the_one_state_to_the_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    changes = timeline.moved(before, after)

    played = dict(before)
    for name, (was, became) in changes.items():
        assert played.get(name) == was
        played[name] = became
    assert {n: v for n, v in played.items() if v is not None} == after


# ---------------------------------------------------------------- the story


@pytest.mark.parametrize("name", sorted(story.statements()))
def test_no_statement_of_a_story_reads_a_whole_table(store: Store, name: str) -> None:
    statement, parameters = story.statements()[name]
    values = {n: value for n, value in parameters.items() if n in statement.compile().params}
    compiled = statement.params(**values).compile(
        dialect=store.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    with store.read() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SET LOCAL enable_seqscan = off"))
            plan = [row[0] for row in tx.execute(text(f"EXPLAIN {_escaped(compiled)}"))]
            assert not any("Seq Scan" in line for line in plan), plan
        else:
            rows = tx.execute(text(f"EXPLAIN QUERY PLAN {_escaped(compiled)}"))
            plan = [row.detail for row in rows]
            assert not any(line.startswith("SCAN") for line in plan), plan


def _escaped(compiled: Any) -> str:
    return str(compiled).replace("%%", "%").replace(":", r"\:")


# ---------------------------------------------------------------- a run's findings


def run_of(store: Store) -> runs.Run:
    with store.write() as tx:
        id = runs.start(tx, location=HERE, kind="backfill", title="a.csv", now=store.clock())
        runs.read(tx, id, {"rows": 1}, store.clock())
    found = runs.get(store, id)
    assert found is not None
    return found


def test_the_findings_of_a_run_count_what_happened_to_each_field(store: Store) -> None:
    run = run_of(store)
    rows = [
        (1, What.TAKEN, {"city": ("a", "b"), "tag:x": (None, True), "tag:y": (None, True)}, run.id),
        (2, What.TAKEN, {"city": ("a", "b")}, run.id),
        (2, What.CONFLICT, {"city": ("a", "b", "ours", "owner")}, run.id),
        (3, What.GONE, {}, run.id),
        (4, What.TAKEN, {"city": ("a", "b")}, None),
    ]
    with store.write() as tx:
        timeline.keep(
            tx, [Entry(c, what, changes, run.started_at, run=by) for c, what, changes, by in rows]
        )

    assert findings.by_field(store, run) == {
        "": {"gone": 1},
        "city": {"conflict": 1, "taken": 2},
        "tag:": {"taken": 2},
    }
    (one,) = findings.conflicts(store, run)
    assert (one.contact, one.name, one.side, one.by, one.lost) == (2, "city", "ours", "owner", "a")


def test_the_pace_of_a_run_has_every_call_in_one_part(store: Store) -> None:
    from contacts.store import audit

    run = run_of(store)
    began = run.started_at
    calls = [
        audit.Call(began + n, HERE, "contact.get", 200 if n % 10 else 503, 5.0, None, run.id, None)
        for n in range(101)
    ]
    with store.write() as tx:
        audit.record(tx, calls)

    pace = findings.pace(store, run)

    assert pace is not None
    assert (sum(pace.good), sum(pace.bad)) == (90, 11)
    assert len(pace.good) <= findings.BARS + 1


def test_a_run_without_calls_has_no_pace(store: Store) -> None:
    assert findings.pace(store, run_of(store)) is None
