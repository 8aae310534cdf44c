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


def test_tags_that_say_the_same_share_a_call() -> None:
    jobs = [of(Kind.TAG, 123, linked=True)]
    assert calls_left(jobs, [], alike=[120, 3], batch=100) == 3
    assert calls_left(jobs, [], alike=[120, 3], batch=1) == 123


def test_tags_of_those_whom_the_list_has_still_to_show_share_a_call_with_those_that_wait() -> None:
    known = Known(
        Existence.AUTO, 1000, found=50, sure=50, total=2000, pages=1, rows=100,
        state=State.WALKING,
    )  # fmt: skip
    assert known.expected == 19 * known.found
    jobs = [of(Kind.TAG, 10, linked=True)]
    assert calls_left(jobs, [], known.as_json(), alike=[10], batch=100) == 2
    assert calls_left(jobs, [calls("contact.update", 3)], known.as_json()) == 19 * 3


def test_where_the_crm_refuses_calls_for_many_the_next_ones_are_for_as_few_as_it_took() -> None:
    jobs = [of(Kind.TAG, 100, linked=True, done=120)]
    made = [calls("contacts.bulk.tags", 5, refused=3), calls("contact.create", 60)]
    assert calls_left(jobs, made, alike=[100], batch=100) == 4  # sixty by two
    none = [calls("contacts.bulk.tags", 1, refused=1), calls("contact.tags.add", 60)]
    assert calls_left(jobs, none, alike=[100], batch=100) == 2
    alone = [calls("contacts.bulk.tags", 1, refused=1), calls("contact.tags.add", 120)]
    assert calls_left(jobs, alone, alike=[100], batch=100) == 100


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


def test_after_the_whole_list_nobody_is_there_but_those_of_whom_it_told_too_little() -> None:
    known = Known(
        Existence.AUTO, 1000, found=200, sure=190, total=300, pages=3, rows=300, state=State.OVER
    )
    kept, made = known.as_json(), [calls("contact.create", 30, refused=10)]
    assert calls_left([of(Kind.PUSH, 800)], made, kept) == 810
    assert calls_left([of(Kind.PUSH, 790)], [*made, calls("contact.get", 10)], kept) == 790


def test_a_list_that_was_given_up_is_reckoned_with_where_it_will_be_gone_on_with() -> None:
    known = Known(Existence.AUTO, 1000, found=0, total=1200, pages=5, rows=500, state=State.STOPPED)
    few = [calls("contact.create", 100, refused=0)]
    assert calls_left([of(Kind.PUSH, 900)], few, known.as_json()) == 900
    many = [calls("contact.create", 100, refused=20), calls("contact.get", 20)]
    # 180 of them are there, by seven pages; one by one it would be 1.5 calls for each.
    assert calls_left([of(Kind.PUSH, 900)], many, known.as_json()) == 7 + 720


def test_what_may_not_be_written_is_not_counted() -> None:
    jobs = [of(Kind.PUSH, 100), of(Kind.PULL, 7)]
    assert calls_left(jobs, [], read_only=True) == 7


def test_what_calls_nobody_costs_nothing() -> None:
    assert calls_left([of(Kind.RULES, 100), of(Kind.ENROL, 5)], []) == 0
