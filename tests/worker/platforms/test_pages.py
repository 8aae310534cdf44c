"""No row of a feed is missed, whatever its times are and whenever it is committed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.platforms import pages

OVERLAP_S = 10.0
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), 1_767_225_600.0),
        (datetime(2026, 1, 1), 1_767_225_600.0),  # noqa: DTZ001  of a column without a zone
        (date(2026, 1, 1), 1_767_225_600.0),
        ("2026-01-01 00:00:00", 1_767_225_600.0),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600.0),
        ("2026-01-01T00:00:00Z", 1_767_225_600.0),
        (1_767_225_600, 1_767_225_600.0),
        (1_767_225_600_000, 1_767_225_600.0),
        (17, None),
        (True, None),
        ("v17", None),
        (None, None),
    ],
)
def test_times_are_known_in_every_spelling(value: Any, seconds: float | None) -> None:
    assert pages.moment(value) == seconds


def test_a_place_goes_through_json_and_back() -> None:
    at = datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)
    cursor = pages.after(None, [(at, 7)], full=True, now=NOW, overlap_s=0.0)

    assert pages.start(json.loads(json.dumps(cursor))) == (at, 7)


def test_a_time_that_is_too_young_is_written_as_the_api_writes_its_times() -> None:
    young = {"str": "2027-01-15T08:00:00Z", "s": NOW + 100, "ms": (NOW + 100) * 1000}

    found = {
        name: pages.since(None, [value], page=None, now=NOW, overlap_s=60.0)["since"]
        for name, value in young.items()
    }

    assert found == {"str": "2027-01-15T07:59:00Z", "s": NOW - 60, "ms": (NOW - 60) * 1000}


# A row: (its time in s before it is committed, how long after the row before it is committed).
_ROWS = st.lists(
    st.tuples(st.integers(0, int(OVERLAP_S) - 1), st.integers(0, 4), st.booleans()), max_size=40
)


@given(rows=_ROWS, size=st.integers(1, 5), sequence=st.randoms())
def test_every_row_is_read_although_it_is_committed_late(
    rows: list[tuple[int, int, bool]], size: int, sequence: Any
) -> None:
    """Rows are committed up to the overlap after their time; keys are in no order at all."""
    table: list[tuple[float, int]] = []
    keys = list(range(len(rows)))
    sequence.shuffle(keys)
    cursor: Any = None
    seen: set[int] = set()
    now = NOW

    def turn() -> bool:
        nonlocal cursor
        after = pages.start(cursor)
        ordered = sorted(row for row in table if after is None or row > after)
        page = ordered[:size]
        seen.update(key for _, key in page)
        full = len(page) == size
        cursor = json.loads(
            json.dumps(pages.after(cursor, page, full=full, now=now, overlap_s=OVERLAP_S))
        )
        return full

    for key, (late, wait, reads) in zip(keys, rows, strict=True):
        now += wait
        table.append((now - late, key))
        if reads:
            turn()
    # The round under way, which may be past a row that came late, and the next one.
    assert sum(not turn() for _ in range(200)) >= 2

    assert seen == set(keys)


@given(rows=st.lists(st.integers(0, 30), max_size=30), size=st.integers(1, 5))
def test_an_idle_feed_comes_to_rest(rows: list[int], size: int) -> None:
    table = sorted((NOW - age, key) for key, age in enumerate(rows))
    cursor: Any = None

    def round_at(now: float) -> int:
        nonlocal cursor
        read = 0
        for _ in range(100):
            after = pages.start(cursor)
            page = [row for row in table if after is None or row > after][:size]
            read += len(page)
            full = len(page) == size
            cursor = pages.after(cursor, page, full=full, now=now, overlap_s=OVERLAP_S)
            if not full:
                return read
        raise AssertionError("the round has no end")

    round_at(NOW)
    round_at(NOW + 2 * OVERLAP_S)

    assert round_at(NOW + 3 * OVERLAP_S) == 0
