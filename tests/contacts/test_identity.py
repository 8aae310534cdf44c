"""Who is the same person: the email decides, the phone only where one side knows no email."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.identity import aliases, contradicts, same

ADA, WORK, BOB, PHONE, OTHER = "ada@a.example", "ada@w.example", "bob@b.example", "+12", "+13"

CASES: tuple[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...], bool], ...] = (
    ("one email", {"email": ADA}, {"email": ADA}, (), True),
    ("one email, two phones", {"email": ADA, "phone": PHONE}, {"email": ADA, "phone": OTHER}, (),
     True),
    ("an email beside the first", {"email": ADA}, {"email": WORK}, (ADA,), True),
    ("siblings with one phone", {"email": ADA, "phone": PHONE}, {"email": BOB, "phone": PHONE}, (),
     False),
    ("a phone, and no email there", {"email": ADA, "phone": PHONE}, {"phone": PHONE}, (), True),
    ("a phone, and no email here", {"phone": PHONE}, {"email": ADA, "phone": PHONE}, (), True),
    ("a phone beside the first", {"phone": PHONE}, {"email": ADA}, (PHONE,), True),
    ("two phones", {"phone": PHONE}, {"phone": OTHER}, (), False),
    ("nothing in common", {"email": ADA}, {"phone": PHONE}, (), False),
    ("nothing at all", {}, {}, (), False),
    ("blanks are nothing", {"email": "", "phone": ""}, {"email": "", "phone": ""}, (), False),
)  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "also", "is_same"), [one[1:] for one in CASES],
                         ids=[one[0] for one in CASES])  # fmt: skip
def test_who_is_the_same_person(ours: Any, theirs: Any, also: Any, is_same: bool) -> None:
    assert same(ours, theirs, also) is is_same


def test_only_another_email_contradicts() -> None:
    assert contradicts({"email": ADA}, {"email": BOB})
    assert not contradicts({"email": ADA}, {"email": BOB}, (ADA,))
    assert not contradicts({"email": ADA}, {})
    assert not contradicts({"phone": PHONE}, {"phone": OTHER})


def test_what_of_ours_is_beside_the_first_one_there() -> None:
    assert aliases({"email": ADA, "phone": PHONE}, (ADA, OTHER)) == {"email": ADA}
