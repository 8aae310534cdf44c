"""The calls that a run still needs: by what is open of it, and what such jobs took so far."""

from __future__ import annotations

from contacts.existence import Existence, Known, State
from contacts.jobs import Kind
from contacts.store.audit import Tally
from contacts.store.ledger_view import OfKind
from producers.forecast import calls_left


def of(kind: Kind, open: int, *, linked: bool = False, done: int = 0) -> OfKind:
    return OfKind(kind.value, linked, open, done)


def calls(operation: str, number: int, *, refused: int = 0) -> Tally:
    statuses = {201: number - refused} | ({400: refused} if refused else {})
    return Tally(operation, number, 100.0, statuses)


def test_a_new_contact_takes_its_tags_along_and_its_note_is_a_call() -> None:
    jobs = [of(Kind.PUSH, 100), of(Kind.TAG, 100), of(Kind.NOTE, 50)]
    assert calls_left(jobs, []) == 150


def test_tags_of_somebody_who_is_there_are_a_call() -> None:
    assert calls_left([of(Kind.TAG, 30, linked=True)], []) == 30


def test_where_tags_share_a_call_the_next_ones_do_as_well() -> None:
    jobs = [of(Kind.TAG, 400, linked=True, done=500)]
    made = [calls("contacts.bulk.tags", 5), calls("contact.create", 250)]
    assert calls_left(jobs, made) == 400 * 5 / 250


def test_reads_and_refusals_of_the_pushes_so_far_are_expected_of_the_next_ones() -> None:
    made = [calls("contact.create", 100, refused=50), calls("contact.get", 50)]
    assert calls_left([of(Kind.PUSH, 10)], made) == 30
    few = [calls("contact.create", 10, refused=5), calls("contact.get", 5)]
    assert calls_left([of(Kind.PUSH, 10)], few) == 10


def test_while_the_list_is_read_both_ways_are_known_by_its_pages() -> None:
    known = Known(
        Existence.AUTO, 1000, found=50, sure=50, total=2000, pages=1, rows=100,
        state=State.WALKING,
    )  # fmt: skip
    assert calls_left([of(Kind.PUSH, 950)], [], known.as_json()) == known.by_list == 19
    waiting = Known(Existence.AUTO, 1000)
    assert calls_left([of(Kind.PUSH, 1000)], [], waiting.as_json()) == 1000


def test_what_may_not_be_written_is_not_counted() -> None:
    jobs = [of(Kind.PUSH, 100), of(Kind.PULL, 7)]
    assert calls_left(jobs, [], read_only=True) == 7


def test_what_calls_nobody_costs_nothing() -> None:
    assert calls_left([of(Kind.RULES, 100), of(Kind.ENROL, 5)], []) == 0
