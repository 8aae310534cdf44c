from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contacts.backoff import full_jitter


@given(st.integers(1, 5000), st.floats(0.01, 60), st.floats(0, 0.999999))
def test_a_wait_lies_between_nothing_and_its_bound(attempt: int, base: float, luck: float) -> None:
    wait = full_jitter(attempt, base_s=base, random=lambda: luck)
    assert 0 <= wait <= min(900.0, base * 2.0 ** min(attempt, 60))


def test_the_bound_doubles_with_each_attempt_up_to_the_cap() -> None:
    bounds = [full_jitter(n, base_s=2, random=lambda: 1.0, cap_s=30) for n in range(1, 7)]
    assert bounds == [4, 8, 16, 30, 30, 30]
