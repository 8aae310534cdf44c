"""A list that may outgrow memory, against a plain one."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from producers.latecomers import IN_MEMORY, Latecomer, Latecomers

IDS = st.integers(1, 2**62)
PEOPLE = st.builds(Latecomer, IDS, st.lists(IDS, max_size=3).map(tuple))


@given(people=st.lists(PEOPLE, max_size=20), size=st.integers(1, 7))
def test_all_come_back_in_order_so_many_at_a_time(people: list[Latecomer], size: int) -> None:
    with closing(Latecomers()) as late:
        for one in people:
            late.add(one)
        batches = list(late.batches(size))
    assert [one for batch in batches for one in batch] == people
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(batches)


def test_more_than_fits_into_memory_comes_back_as_well() -> None:
    count = IN_MEMORY // 8
    with closing(Latecomers()) as late:
        for number in range(count):
            late.add(Latecomer(number + 10**9, (1,)))
        assert [one.contact for batch in late.batches(10_000) for one in batch] == list(
            range(10**9, 10**9 + count)
        )
