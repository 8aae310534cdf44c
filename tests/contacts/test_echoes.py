"""What is an echo, what is old, and what is news: by what it shows and when, never by a timer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contacts.echoes import (
    LAG_S,
    SKEW_S,
    Cause,
    Sighting,
    Verdict,
    judge,
    marks,
    overwritten,
)

T = 1_800_000_000.0
UPDATE = "ContactUpdate"


def shows(city: str, **more: Any) -> dict[str, str]:
    return marks({"email": "ada@example.com", "city": city, **more}, ["student"])


def saw(city: str, at: float, cause: Cause = Cause.UPDATE, **more: Any) -> Sighting:
    return Sighting(int(at), at, dated=True, marks=shows(city), cause=cause, **more)


LONDON, PARIS = saw("London", T), saw("Paris", T + 3600, sent=frozenset({"city"}))


@pytest.mark.parametrize(
    ("at", "city", "known", "verdict"),
    [
        pytest.param(T + 0.2, "London", [LONDON], Verdict.ECHO, id="of our write"),
        pytest.param(T + LAG_S, "London", [LONDON], Verdict.ECHO, id="made late"),
        pytest.param(T - SKEW_S, "London", [LONDON], Verdict.ECHO, id="by a clock that is slow"),
        pytest.param(T + LAG_S + 1, "London", [LONDON], Verdict.NEWS, id="much later"),
        pytest.param(T + 0.2, "Rome", [LONDON], Verdict.NEWS, id="of another value"),
        pytest.param(T + 0.2, "London", [], Verdict.NEWS, id="of what we never saw"),
        pytest.param(T + 0.2, "London", [LONDON, PARIS], Verdict.OLD, id="of an earlier write"),
        pytest.param(T + 9, "Rome", [LONDON, PARIS], Verdict.OLD, id="an edit that we saw since"),
        pytest.param(T + 7200, "London", [LONDON, PARIS], Verdict.NEWS, id="an older value again"),
        pytest.param(T + 7200, "Paris", [LONDON, PARIS], Verdict.NEWS, id="the same, much later"),
    ],
)
def test_an_event_is_judged_by_what_it_shows_and_when(
    at: float, city: str, known: list[Sighting], verdict: Verdict
) -> None:
    assert judge(UPDATE, at, shows(city), known).verdict is verdict


def test_a_state_has_one_echo_of_each_type() -> None:
    heard = replace(LONDON, heard={UPDATE: T})

    assert judge(UPDATE, T, shows("London"), [heard]).verdict is Verdict.ECHO
    assert judge(UPDATE, T + 1, shows("London"), [heard]).verdict is Verdict.NEWS


def test_an_event_beside_the_one_that_our_write_causes_comes_at_once() -> None:
    assert judge("ContactTagUpdate", T + 1, shows("London"), [LONDON]).verdict is Verdict.ECHO
    assert judge("ContactTagUpdate", T + 9, shows("London"), [LONDON]).verdict is Verdict.NEWS


@pytest.mark.parametrize("cause", [Cause.CREATE, Cause.TAGS])
def test_an_update_beside_our_create_or_our_tags_may_be_of_a_field_that_it_does_not_show(
    cause: Cause,
) -> None:
    ours = saw("London", T, cause)

    assert judge(UPDATE, T + 1, shows("London"), [ours]).verdict is Verdict.NEWS
    assert judge(cause.value, T + 1, shows("London"), [ours]).verdict is Verdict.ECHO


def test_what_comes_beside_is_of_no_state_that_has_passed() -> None:
    create = saw("London", T, Cause.CREATE)
    update = saw("Paris", T + 1)

    assert judge(UPDATE, T + 2, shows("London"), [create, update]).verdict is Verdict.NEWS
    assert judge("ContactCreate", T + 2, shows("London"), [create, update]).of is create


def test_a_deletion_is_never_an_echo() -> None:
    assert judge("ContactDelete", T, shows("London"), [LONDON]).verdict is Verdict.NEWS


def test_a_state_that_is_not_dated_makes_nothing_old() -> None:
    later = replace(PARIS, dated=False)

    assert judge(UPDATE, T + 9, shows("Rome"), [LONDON, later]).verdict is Verdict.NEWS


@pytest.mark.parametrize("name", ["timezone", "gender"])
def test_what_events_do_not_show_is_not_compared(name: str) -> None:
    seen = replace(LONDON, marks=shows("London", **{name: "x"}))

    assert judge(UPDATE, T, shows("London"), [seen]).verdict is Verdict.ECHO
    assert judge(UPDATE, T, shows("London", **{name: "x"}), [seen]).verdict is Verdict.ECHO
    assert judge(UPDATE, T, shows("London", **{name: "y"}), [seen]).verdict is Verdict.NEWS


# ---------------------------------------------------------------- written over unseen


def test_an_edit_that_our_write_covered_is_noticed() -> None:
    found = overwritten(UPDATE, T + 9, shows("Rome"), [LONDON, PARIS])

    assert found is not None
    assert (found.fields, found.by) == ({"city"}, PARIS)


def test_a_value_that_was_cleared_before_our_write_is_noticed() -> None:
    cleared = marks({"email": "ada@example.com"}, ["student"])

    found = overwritten(UPDATE, T + 9, cleared, [LONDON, PARIS])

    assert found is not None
    assert found.fields == {"city"}


@pytest.mark.parametrize(
    ("at", "city", "known"),
    [
        pytest.param(T + 9, "London", [LONDON, PARIS], id="it was so before"),
        pytest.param(T + 9, "Paris", [LONDON, PARIS], id="we wrote the same"),
        pytest.param(T + 9, "Rome", [LONDON, replace(PARIS, sent=frozenset())], id="a read"),
        pytest.param(T + 9, "Rome", [PARIS], id="nothing was seen before"),
        pytest.param(T + 7200, "Rome", [LONDON, PARIS], id="it came after"),
        pytest.param(
            T + 9, "Rome", [LONDON, replace(PARIS, heard={UPDATE: T + 9})], id="known already"
        ),
    ],
)
def test_what_was_not_covered_is_not_noticed(at: float, city: str, known: list[Sighting]) -> None:
    assert overwritten(UPDATE, at, shows(city), known) is None


# ---------------------------------------------------------------- marks


def test_marks_do_not_tell_the_value() -> None:
    assert "ada" not in str(marks({"email": "ada@example.com"}, None))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"custom.x": 7}, {"custom.x": 7.0}, id="numbers"),
        pytest.param({"custom.x": ["a", "b"]}, {"custom.x": ["b", "a"]}, id="lists in any order"),
        pytest.param({"dnd": False}, {}, id="no is nothing"),
        pytest.param({"name": "Ada Byron"}, {}, id="a full name is its parts"),
        pytest.param({"city": ""}, {}, id="blank is nothing"),
    ],
)
def test_what_means_the_same_has_the_same_marks(one: Any, other: Any) -> None:
    assert marks(one, None) == marks(other, None)


def test_tags_that_were_not_shown_are_not_the_same_as_none() -> None:
    assert marks({}, None) != marks({}, [])
