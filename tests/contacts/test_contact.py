"""What a contact is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.contact import Person, Problem, clean, fingerprint
from contacts.fields import BY_NAME

NAMES = st.sampled_from([*BY_NAME, "custom.level"])
MARK = "zq7x"


def test_what_can_be_used_is_cleaned_and_what_cannot_is_told() -> None:
    cleaned = clean(
        {"email": " Ada@X.org", "phone": "12", "city": "  ", "date_of_birth": "soon", "name": ""},
        "US",
    )
    assert cleaned.fields == {"email": "ada@x.org"}
    assert cleaned.problems == (
        Problem("phone", "is not a possible phone number (read with country US)"),
        Problem("date_of_birth", "is not a date (YYYY-MM-DD or MM/DD/YYYY)"),
    )


@given(raw=st.dictionaries(NAMES, st.text(max_size=20).map(lambda text: text + MARK)))
def test_every_value_is_used_or_told_and_no_reason_repeats_it(raw: dict[str, str]) -> None:
    cleaned = clean(raw, "US")
    assert set(cleaned.fields) | {problem.field for problem in cleaned.problems} == set(raw)
    assert not set(cleaned.fields) & {problem.field for problem in cleaned.problems}
    assert not any(MARK in problem.reason for problem in cleaned.problems)


@given(raw=st.dictionaries(NAMES, st.text(max_size=20)))
def test_what_was_cleaned_is_clean(raw: dict[str, str]) -> None:
    once = clean(raw, "US")
    again = clean({name: str(value) for name, value in once.fields.items()}, "US")
    assert (again.fields, again.problems) == (once.fields, ())


def test_a_person_is_known_by_email_and_phone() -> None:
    assert (Person({}).email, Person({}).phone) == (None, None)
    one = Person({"email": "a@x.org", "phone": "+12025550100"})
    assert (one.email, one.phone) == ("a@x.org", "+12025550100")


def test_a_person_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Person({}).notes = ("x",)  # type: ignore[misc]


def test_a_fingerprint_is_the_same_in_every_process_and_says_nothing() -> None:
    # Kept in the database for years: it must never change.
    assert fingerprint("A1") == "cdeaf353ef394c52"
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert len({fingerprint(one) for one in ("1", 1, 1.5, True, "True", ["1"])}) == 6
