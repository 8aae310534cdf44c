"""The runs' rules: when one has ended, who comes live, how late each was."""

from __future__ import annotations

import math

import pytest

from ops import students
from ops.bench import rival
from ops.bench.peers import contest


@pytest.mark.parametrize(
    ("open_jobs", "silent_s", "ended"),
    [
        pytest.param(0, 1.0, False, id="nothing open, but a call a moment ago"),
        pytest.param(0, 3.0, True, id="nothing open and silence"),
        pytest.param(5, 149.0, False, id="some are open"),
        pytest.param(5, 150.0, True, id="some are open, but nobody works on them"),
    ],
)
def test_a_run_has_ended(open_jobs: int, silent_s: float, ended: bool) -> None:
    assert contest.over(open_jobs, silent_s, quiet_s=150.0) is ended


def test_a_delay_is_from_the_put_to_the_contacts_date() -> None:
    contacts = [
        {"email": "a@example.org", "dateAdded": "2026-11-26T08:00:00.250Z"},
        {"email": "b@example.org", "dateAdded": "2026-11-26T08:00:00.000Z"},
        {"phone": "+12025550100", "dateAdded": "2026-11-26T08:00:09.000Z"},
    ]
    at = 1_795_680_000.0  # 2026-11-26T08:00:00Z

    found = contest.delays_ms(
        {"a@example.org": at, "b@example.org": at + 0.0004, "c@example.org": at}, contacts
    )

    assert found == [pytest.approx(250.0), 0.0, math.inf]


def test_people_of_live_jobs_are_none_of_the_file_and_get_no_note() -> None:
    rows = contest.live_rows(3)

    assert len({row["Email"] for row in rows}) == 3
    assert all(set(row) == set(students.HEADER) for row in rows)
    assert [rival.note(row) for row in rows] == [None, None, None]
    assert rival.contact(rows[0]).keys() == {"firstName", "lastName", "email", "country"}


def test_a_live_jobs_person_is_expected_with_the_tag_alone() -> None:
    (row,) = contest.live_rows(1)

    expected = contest.student(row)

    assert (expected.email, expected.tags, expected.notes) == (
        row["Email"],
        {f"course: {row['Course'].lower()}"},
        set(),
    )
