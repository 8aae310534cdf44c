"""`rollbook access-log`: who called what, when, and how it ended."""

from __future__ import annotations

from contacts.store import audit
from contacts.store.database import Store

from .conftest import HERE, put, take


def record(book: Store, **more: object) -> None:
    fields = {"operation": "contact.update", "status": 200, "ms": 95.0, "run": None}
    fields |= {"trace": "t-1", "worker": "worker-1@machine:12", "job": None} | more
    with book.write() as tx:
        audit.record(tx, [audit.Call(at=book.clock(), location=HERE, **fields)])  # type: ignore[arg-type]


def test_a_line_names_process_job_and_result(rollbook, location, book: Store) -> None:
    put(book, 4711)
    (job,) = take(book)
    record(book, job=job.id)

    head, _, line = rollbook("access-log").out.splitlines()

    assert head.split() == [
        "When", "Process", "Job", "Kind", "Contact", "Location", "Operation", "Result",
    ]  # fmt: skip
    assert line.split()[1:] == [
        "worker-1@machine:12", str(job.id), "contact.push", "4711", HERE, "contact.update",
        "200", "in", "95", "ms",
    ]  # fmt: skip


def test_a_refusal_and_a_lost_answer_are_told_in_words(rollbook, location, book: Store) -> None:
    record(book, status=401)
    record(book, status=0, ms=10_000.0)

    _, _, lost, refused = rollbook("access-log", "--failed").out.splitlines()

    assert lost.endswith("no answer after 10,000 ms")
    assert refused.endswith("401 in 95 ms: access refused")


def test_json_has_every_part_of_a_call(rollbook, location, book: Store) -> None:
    record(book, worker=None)

    (line,) = rollbook("access-log", "--json", "--since", "1h", "--operation", "contact").lines

    assert line == {
        "at": line["at"], "location": HERE, "operation": "contact.update", "status": 200,
        "ms": 95.0, "worker": None, "job": None, "kind": None, "contact": None, "run": None,
        "trace": "t-1", "contacts": 1,
    }  # fmt: skip


def test_with_more_than_is_shown_it_says_how_to_see_them(rollbook, location, book: Store) -> None:
    for _ in range(3):
        record(book)

    said = rollbook("access-log", "--limit", "2")

    assert len(said.out.splitlines()) == 4
    assert "There are more: --limit 8" in said.err


def test_a_contact_that_nobody_knows_is_one_line(rollbook, location) -> None:
    said = rollbook("access-log", "--contact", "nobody@example.org")

    assert (said.code, said.err.count("\n")) == (2, 1)
    assert rollbook("access-log", "--location", "elsewhere").out == "No such call is kept.\n"
