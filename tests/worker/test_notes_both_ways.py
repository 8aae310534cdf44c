"""A note that is changed or deleted on either side: the later edit counts, nothing is doubled."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from contacts.events import Event
from contacts.jobs import Kind, Lane, Wish
from contacts.store import history, inbox, ledger, notebook
from contacts.store.notebook import Page

ADA, HERE = "ada@example.org", "loc1"
LIST, WRITE = "GET /contacts/{id}/notes", "POST /contacts/{id}/notes"
PUT, DELETE = "PUT /contacts/{id}/notes/{thing}", "DELETE /contacts/{id}/notes/{thing}"


@pytest.fixture
def shop(sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any) -> Any:
    """A worker whose CRM lives by the same clock; ``crm`` is the CRM."""
    crm = simulator(clock=clock)
    made = open_shop(sqlite_store, crm)
    made.crm = crm
    return made


@pytest.fixture
def ada(shop: Any) -> int:
    contact = int(shop.person(ADA))
    shop.work()
    return contact


def say(shop: Any, contact: int, body: str, key: str = "order 7") -> int:
    """A source says its note; returns our id of it."""
    with shop.store.write() as tx:
        note = notebook.want(tx, contact, body=body, key=key, now=shop.clock())
    assert note is not None
    return note


def written(shop: Any, contact: int, body: str = "Paid 10") -> int:
    note = say(shop, contact, body)
    assert set(shop.work()) == {"done"}
    return note


def theirs(shop: Any) -> list[dict[str, Any]]:
    (one,) = shop.crm.contacts(HERE)
    return list(one["notes"])


def bodies(shop: Any) -> list[str]:
    return [one["body"] for one in theirs(shop)]


def ours(shop: Any, contact: int) -> list[Page]:
    with shop.store.read() as tx:
        return notebook.of(tx, contact)


def calls(shop: Any, operation: str) -> int:
    return int(shop.crm.report()["by_operation"].get(operation, 0))


def edit(shop: Any, edited: dict[str, str | None], *new: str) -> None:
    """A person edits notes in the CRM."""
    (one,) = shop.crm.contacts(HERE)
    shop.crm.seed(HERE, {"id": one["id"], "edited": edited, "notes": new})


def hear(shop: Any, type: str, note: str, body: str, *, at: float | None = None) -> None:
    """A webhook comes."""
    (one,) = shop.crm.contacts(HERE)
    happened = shop.clock() if at is None else at
    event = Event(
        uuid.uuid4().hex, type, HERE, one["id"], note, happened, {"id": note, "body": body}
    )
    with shop.store.write() as tx:
        inbox.receive(tx, [event], now=shop.clock())


def person_edits(shop: Any, body: str) -> None:
    """Somebody edits the only note in the CRM, and its webhook comes."""
    (note,) = theirs(shop)
    edit(shop, {note["id"]: body})
    hear(shop, "NoteUpdate", note["id"], body)


def lost(shop: Any, contact: int) -> list[tuple[Any, str, str]]:
    with shop.store.read() as tx:
        return [(one.lost, one.side, one.cause) for one in history.of(tx, contact)]


# ---------------------------------------------------------------- changed here


def test_the_same_key_with_another_text_is_the_same_note_changed(shop: Any, ada: int) -> None:
    note = written(shop, ada, "Paid 10")
    (there,) = theirs(shop)

    assert say(shop, ada, "Paid 20") == note
    assert shop.work() == ["done"]

    assert [(one["id"], one["body"]) for one in theirs(shop)] == [(there["id"], "Paid 20")]
    assert (calls(shop, WRITE), calls(shop, PUT), calls(shop, LIST)) == (1, 1, 0)


def test_the_same_text_again_is_no_edit(shop: Any, ada: int) -> None:
    written(shop, ada)
    say(shop, ada, "Paid 10")
    assert shop.work() == []


def test_a_note_changed_before_it_was_written_is_written_once(shop: Any, ada: int) -> None:
    say(shop, ada, "Paid 10")
    say(shop, ada, "Paid 20")
    shop.work()
    assert bodies(shop) == ["Paid 20"]


def test_two_notes_of_one_text_are_two_where_their_keys_differ(shop: Any, ada: int) -> None:
    say(shop, ada, "Paid 10", key="order 7")
    say(shop, ada, "Paid 10", key="order 8")
    shop.work()
    assert bodies(shop) == ["Paid 10", "Paid 10"]


def test_changed_while_its_first_answer_was_lost_it_is_found_and_changed(
    shop: Any, ada: int
) -> None:
    shop.crm.fault("drop", when="after", times=1, operations=[WRITE])
    say(shop, ada, "Paid 10")
    shop.work()
    say(shop, ada, "Paid 20")
    shop.clock.tick(60)

    assert set(shop.work()) == {"done"}

    assert bodies(shop) == ["Paid 20"]
    assert (calls(shop, WRITE), calls(shop, LIST), calls(shop, PUT)) == (1, 1, 1)


def test_a_lost_answer_to_one_of_two_equal_notes_makes_no_third(shop: Any, ada: int) -> None:
    say(shop, ada, "Paid 10", key="order 7")
    shop.work()
    shop.crm.fault("drop", when="after", times=1, operations=[WRITE])
    say(shop, ada, "Paid 10", key="order 8")
    shop.work()
    shop.clock.tick(60)
    shop.work()
    assert len({one.remote_id for one in ours(shop, ada)}) == len(bodies(shop)) == 2


def test_a_change_whose_answer_was_lost_is_said_again(shop: Any, ada: int) -> None:
    written(shop, ada)
    say(shop, ada, "Paid 20")
    shop.crm.fault("drop", when="after", times=1, operations=[PUT])
    shop.work()
    shop.clock.tick(60)
    assert shop.work() == ["done"]
    assert (bodies(shop), calls(shop, WRITE)) == (["Paid 20"], 1)


@pytest.mark.parametrize(("when", "ends"), [("after", "done"), ("before", "Parked: crm-refused")])
def test_after_a_422_to_a_change_the_note_is_looked_at(
    shop: Any, ada: int, when: str, ends: str
) -> None:
    written(shop, ada, "Paid 10")
    say(shop, ada, "Paid 20")
    shop.crm.fault("error", when=when, status=422, message="No", times=1, operations=[PUT])

    (shown,) = shop.work()

    assert shown.startswith(ends)
    assert calls(shop, LIST) == 1
    assert bodies(shop) == ["Paid 20" if when == "after" else "Paid 10"]


# ---------------------------------------------------------------- deleted here


def delete(shop: Any, contact: int, note: int) -> None:
    with shop.store.write() as tx:
        assert notebook.delete(tx, note, now=shop.clock())
        ledger.put(tx, [Wish(Kind.NOTE, HERE, contact, note, Lane.LIVE)], now=shop.clock())


def test_deleted_here_it_is_deleted_there_and_not_written_again(shop: Any, ada: int) -> None:
    note = written(shop, ada)
    delete(shop, ada, note)
    shop.work()
    assert (bodies(shop), calls(shop, DELETE)) == ([], 1)

    say(shop, ada, "Paid 20")
    assert shop.work() == []
    assert ours(shop, ada)[0].gone


def test_deleted_before_it_was_written_it_is_never_written(shop: Any, ada: int) -> None:
    note = say(shop, ada, "Paid 10")
    delete(shop, ada, note)
    shop.work()
    assert calls(shop, WRITE) == 0


def test_deleted_while_its_first_answer_was_lost_it_is_found_and_deleted(
    shop: Any, ada: int
) -> None:
    shop.crm.fault("drop", when="after", times=1, operations=[WRITE])
    note = say(shop, ada, "Paid 10")
    shop.work()
    delete(shop, ada, note)
    shop.clock.tick(60)
    shop.work()
    assert (bodies(shop), calls(shop, DELETE)) == ([], 1)


def test_a_deletion_whose_answer_was_lost_is_known_by_a_look(shop: Any, ada: int) -> None:
    note = written(shop, ada)
    delete(shop, ada, note)
    shop.crm.fault("drop", when="after", times=1, operations=[DELETE])
    shop.work()
    shop.clock.tick(60)
    assert shop.work() == ["done"]
    assert ours(shop, ada)[0].gone
    assert (calls(shop, DELETE), calls(shop, LIST)) == (2, 1)


# ---------------------------------------------------------------- changed there


def test_a_persons_edit_of_our_note_comes_here_and_the_same_file_leaves_it(
    shop: Any, ada: int
) -> None:
    written(shop, ada)
    person_edits(shop, "Paid 10, in cash")
    assert shop.work() == ["done"]
    assert ours(shop, ada)[0].body == "Paid 10, in cash"

    say(shop, ada, "Paid 10")

    assert shop.work() == []
    assert bodies(shop) == ["Paid 10, in cash"]


def test_what_we_say_after_a_persons_edit_goes_out_as_an_edit(shop: Any, ada: int) -> None:
    written(shop, ada)
    person_edits(shop, "Paid 10, in cash")
    shop.work()
    say(shop, ada, "Paid 20")
    shop.work()
    assert bodies(shop) == ["Paid 20"]


def test_the_echoes_of_our_own_writes_cost_no_call(shop: Any, ada: int) -> None:
    written(shop, ada)
    (there,) = theirs(shop)
    hear(shop, "NoteCreate", there["id"], "Paid 10")
    assert shop.work() == ["done"]
    say(shop, ada, "Paid 20")
    shop.work()
    hear(shop, "NoteUpdate", there["id"], "Paid 20")
    assert shop.work() == ["done"]
    assert calls(shop, LIST) == 0


def test_changed_there_before_here_and_not_heard_of_ours_counts_and_theirs_is_kept(
    shop: Any, ada: int
) -> None:
    written(shop, ada)
    person_edits(shop, "Paid 10, in cash")
    shop.clock.tick(60)
    say(shop, ada, "Paid 20")
    shop.work()
    assert bodies(shop) == ["Paid 20"]
    assert ("Paid 10, in cash", "theirs", "newest") in lost(shop, ada)


def test_changed_there_after_here_theirs_counts_and_ours_is_kept(shop: Any, ada: int) -> None:
    written(shop, ada)
    say(shop, ada, "Paid 20")
    shop.clock.tick(60)
    person_edits(shop, "Paid 10, in cash")
    shop.put(Wish(Kind.NOTES, HERE, ada, 1, Lane.LIVE))

    tickets = shop.release()
    while tickets:
        for ticket in tickets:
            shop.run(ticket)
        tickets = shop.release()

    assert bodies(shop) == ["Paid 10, in cash"]
    assert ours(shop, ada)[0].body == "Paid 10, in cash"
    assert ("Paid 20", "ours", "newest") in lost(shop, ada)


def test_an_edit_that_our_write_covered_is_kept_when_ours_was_the_later(
    shop: Any, ada: int
) -> None:
    written(shop, ada)
    (there,) = theirs(shop)
    edited_at = shop.clock()
    edit(shop, {there["id"]: "Paid 10, in cash"})
    shop.clock.tick(60)
    say(shop, ada, "Paid 20")
    shop.work()

    hear(shop, "NoteUpdate", there["id"], "Paid 10, in cash", at=edited_at)
    shop.work()

    assert bodies(shop) == ["Paid 20"]
    assert lost(shop, ada) == [("Paid 10, in cash", "theirs", "overwritten")]


def test_an_edit_that_our_write_covered_comes_back_when_it_was_the_later(
    shop: Any, ada: int
) -> None:
    written(shop, ada)
    (there,) = theirs(shop)
    say(shop, ada, "Paid 20")
    shop.clock.tick(60)
    edited_at = shop.clock()
    edit(shop, {there["id"]: "Paid 10, in cash"})
    shop.clock.tick(60)
    shop.work()
    assert bodies(shop) == ["Paid 20"]

    hear(shop, "NoteUpdate", there["id"], "Paid 10, in cash", at=edited_at)
    shop.work()

    assert bodies(shop) == ["Paid 10, in cash"]
    assert lost(shop, ada) == [("Paid 20", "ours", "newest")]


def test_an_old_echo_of_our_former_text_changes_nothing(shop: Any, ada: int) -> None:
    written(shop, ada)
    first_at = shop.clock()
    (there,) = theirs(shop)
    shop.clock.tick(60)
    say(shop, ada, "Paid 20")
    shop.work()
    hear(shop, "NoteCreate", there["id"], "Paid 10", at=first_at)
    shop.work()
    assert (bodies(shop), lost(shop, ada)) == (["Paid 20"], [])


# ---------------------------------------------------------------- deleted there, written there


def test_deleted_there_it_is_not_written_again_whatever_we_say(shop: Any, ada: int) -> None:
    written(shop, ada)
    (there,) = theirs(shop)
    edit(shop, {there["id"]: None})
    hear(shop, "NoteDelete", there["id"], "Paid 10")
    shop.work()
    say(shop, ada, "Paid 20")
    assert shop.work() == []
    assert bodies(shop) == []


def test_deleted_there_and_not_heard_of_our_change_finds_it_gone(shop: Any, ada: int) -> None:
    written(shop, ada)
    (there,) = theirs(shop)
    edit(shop, {there["id"]: None})
    say(shop, ada, "Paid 20")
    assert shop.work() == ["done"]
    assert ours(shop, ada)[0].gone
    assert (bodies(shop), calls(shop, LIST)) == ([], 1)


def test_notes_that_people_write_are_kept_with_their_id_there(shop: Any, ada: int) -> None:
    edit(shop, {}, "Called", "Called")
    for note in theirs(shop):
        hear(shop, "NoteCreate", note["id"], "Called")
    shop.work()
    found = ours(shop, ada)
    assert [(one.body, one.theirs) for one in found] == [("Called", True), ("Called", True)]
    assert {one.remote_id for one in found} == {one["id"] for one in theirs(shop)}
    assert calls(shop, WRITE) == 0


def test_a_note_of_theirs_deleted_here_is_deleted_there(shop: Any, ada: int) -> None:
    edit(shop, {}, "Called")
    (there,) = theirs(shop)
    hear(shop, "NoteCreate", there["id"], "Called")
    shop.work()
    delete(shop, ada, ours(shop, ada)[0].id)
    shop.work()
    assert bodies(shop) == []
