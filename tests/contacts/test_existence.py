"""List or one by one: the choice by cost, and what it may cost when it was wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.existence import (
    TRIED,
    Existence,
    Known,
    State,
    begins,
    goes_on,
    thinks_again,
)

AUTO = Known(Existence.AUTO, people=1000, state=State.WALKING)


def after(pages: int, *, found: int, total: int, **more: object) -> Known:
    """So many full pages later."""
    return replace(
        AUTO, pages=pages, rows=min(100 * pages, total), found=found, sure=found, total=total,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_nobody_asks_for_what_is_known_or_cheap_or_forbidden() -> None:
    assert begins(Existence.AUTO, 0) == (False, "everybody is linked")
    assert begins(Existence.AUTO, 4) == (False, "few people")
    assert begins(Existence.EACH, 1000) == (False, "asked for")
    assert begins(Existence.AUTO, 5)[0]
    assert begins(Existence.WALK, 1)[0]


def test_a_list_that_shows_our_people_is_read_on() -> None:
    assert goes_on(after(1, found=10, total=5000)) == (True, "")


def test_a_list_of_others_is_given_up_after_a_share_of_the_people() -> None:
    assert goes_on(after(4, found=0, total=50_000)) == (True, "")
    assert goes_on(after(5, found=0, total=50_000)) == (
        False,
        "it costs more calls than it saves",
    )


def test_it_ends_when_everybody_is_found_or_all_is_read() -> None:
    assert goes_on(after(10, found=1000, total=50_000)) == (False, "everybody was found")
    assert goes_on(after(7, found=10, total=700)) == (False, "the whole list was read")


def test_what_a_person_asked_for_is_read_to_its_end() -> None:
    known = after(300, found=0, total=50_000, asked=Existence.WALK)
    assert goes_on(known) == (True, "")


def test_where_doubles_are_allowed_the_whole_list_saves_a_look_for_everybody() -> None:
    known = after(10, found=0, total=50_000, refuses=False)
    assert goes_on(known) == (True, "")
    assert (known.by_list, known.by_each) == (490 + 1000, 2000)
    assert not goes_on(after(10, found=0, total=500_000, refuses=False))[0]


def test_rows_that_tell_too_little_save_one_call_and_not_two() -> None:
    known = after(1, found=10, total=10_000)
    assert known.saves == 2
    assert replace(known, sure=0).saves == 1
    assert replace(known, sure=5).saves == 1.5


@given(total=st.integers(0, 10**6), people=st.integers(5, 10**5))
def test_what_is_read_in_vain_is_a_small_share_of_the_people(total: int, people: int) -> None:
    known = replace(AUTO, people=people)
    while True:
        rows = min(known.rows + 100, total)
        known = replace(known, pages=known.pages + 1, rows=rows, total=total)
        if not goes_on(known)[0]:
            break
    assert known.pages <= max(1, TRIED * people)


@given(rows=st.lists(st.booleans(), min_size=0, max_size=3000), others=st.integers(0, 500))
def test_it_never_costs_much_more_than_one_by_one(rows: list[bool], others: int) -> None:
    there = sum(rows)
    known = replace(AUTO, people=there + others)
    for start in range(0, max(len(rows), 1), 100):
        page = sum(rows[start : start + 100])
        known = replace(
            known, pages=known.pages + 1, rows=min(start + 100, len(rows)), total=len(rows),
            found=known.found + page, sure=known.sure + page,
        )  # fmt: skip
        if not goes_on(known)[0]:
            break
    cost = known.pages + 2 * (there - known.found)
    # A page may promise what the next ones do not keep: what was saved so far is at stake too.
    assert cost <= 2 * there + max(1, TRIED * known.people) or known.found


def test_a_list_that_was_given_up_is_gone_on_with_where_the_others_turn_out_to_be_there() -> None:
    stopped = after(5, found=0, total=5000, state=State.STOPPED)
    again = thinks_again(replace(stopped, each=25, refused=5))
    assert (again.state, again.hoped) == (State.WALKING, 195)
    assert goes_on(again) == (True, "")


def test_it_stays_given_up_where_few_are_there_or_the_list_is_long() -> None:
    stopped = after(5, found=0, total=5000, state=State.STOPPED)
    for known in (
        replace(stopped, each=500, refused=5),
        replace(stopped, each=25, refused=5, total=500_000),
        replace(stopped, each=25, refused=5, asked=Existence.EACH),
    ):
        assert thinks_again(known) is known


@pytest.mark.parametrize("state", State)
def test_a_run_keeps_it_as_it_is(state: State) -> None:
    known = after(3, found=2, total=900, state=state, why="so")
    assert Known.of(known.as_json()) == known
