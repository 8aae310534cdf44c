"""Who stands in more than one row, and which ids were seen: bits against plain sets."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contacts.contact import Person
from producers.recurring import Numbers, Recurring

EMAILS = st.none() | st.sampled_from(["a@x.org", "b@x.org", "c@x.org", "d@x.org"])
PHONES = st.none() | st.sampled_from(["+12025550100", "+12025550101", "+4930901820"])


def person(email: str | None, phone: str | None) -> Person:
    return Person({k: v for k, v in (("email", email), ("phone", phone)) if v})


@given(rows=st.lists(st.tuples(EMAILS, PHONES), max_size=12))
def test_whoever_has_two_rows_is_known_and_nobody_else(
    rows: list[tuple[str | None, str | None]],
) -> None:
    recurring = Recurring(size=1 << 20)
    for row in rows:
        recurring.look(person(*row))
    keys = Counter(key for row in rows for key in row if key)
    for row in rows:
        assert recurring.has(person(*row)) == any(keys[key] > 1 for key in row if key)


def test_a_yes_may_be_false_but_seldom_is() -> None:
    people = [person(f"student{n}@example.org", f"+1202{n:07}") for n in range(20_000)]
    recurring = Recurring(size=20_000 * 60)
    for one in people:
        recurring.look(one)
    assert sum(map(recurring.has, people)) < 20_000 * 0.02


def test_a_large_file_takes_no_more_memory_than_two_bitmaps_of_16_mb() -> None:
    huge = Recurring(size=1 << 40)
    assert len(huge._once) == len(huge._again) == 16 << 20


@given(numbers=st.lists(st.integers(0, 2**40) | st.integers(0, 200), max_size=40))
def test_numbers_are_a_set(numbers: list[int]) -> None:
    seen, plain = Numbers(), set[int]()
    for number in numbers:
        assert (number in seen) == (number in plain)
        seen.add(number)
        plain.add(number)
        assert number in seen
        assert seen.size == len(plain)
