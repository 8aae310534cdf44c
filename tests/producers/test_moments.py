"""Since when and until when, as a person types them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contacts.errors import UsageError
from producers import moments

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("90m", 1.5),
        ("2h", 2),
        ("1d", 24),
        ("10:00", 0.5),
        ("09:30", 24),
        ("7:30", 22),
        ("2026-11-25", 14.5),
        ("2026-11-24T11:30", 2),
        ("2026-11-24T11:30+01:00", 1),
    ],
)
def test_it_ends_when_a_person_says(text: str, hours: float) -> None:
    end = moments.until(text, NOW)

    assert end == NOW + hours * 3600
    assert moments.lasts(end, NOW)


def test_without_a_time_it_has_no_end() -> None:
    end = moments.until(None, NOW)

    assert not moments.lasts(end, NOW)
    assert not moments.lasts(end, NOW + 300 * 86_400)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "7:61", "2026-13-01", "-2h"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="is no time: 90m, 2h"):
        moments.until(text, NOW)


def test_a_time_that_is_over_is_said() -> None:
    with pytest.raises(UsageError, match="is over already"):
        moments.until("2026-11-24T09:00", NOW)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("30m", 0.5), ("2h", 2), ("3d", 72), ("2026-11-24", 9.5), ("2026-11-24T10:00+01:00", 0.5)],
)
def test_since_is_so_long_ago(text: str, hours: float) -> None:
    assert moments.since(text, NOW) == NOW - hours * 3600


@pytest.mark.parametrize(
    ("text", "said"), [("07:30", "is no time: 30m, 2h"), ("2026-11-25", "is in the future")]
)
def test_a_since_that_cannot_be_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        moments.since(text, NOW)
