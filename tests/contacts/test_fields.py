"""The one table of fields."""

from __future__ import annotations

from collections import Counter

import pytest

from contacts import fields
from contacts.fields import BY_CRM, BY_NAME, CUSTOM, FIELDS, NOT_SYNCED, Owner, Rule


def test_every_field_has_a_name_of_its_own_on_both_sides() -> None:
    assert len(BY_NAME) == len(BY_CRM) == len(FIELDS)
    assert not any(name.startswith(CUSTOM) for name in BY_NAME)


def test_a_column_title_means_one_field() -> None:
    titles = Counter(title for field in FIELDS for title in field.headers)
    assert [title for title, n in titles.items() if n > 1] == []
    assert all(title == "".join(filter(str.isalnum, title.casefold())) for title in titles)


def test_our_own_name_of_a_field_is_a_title_too() -> None:
    assert [f.name for f in FIELDS if f.name.replace("_", "") not in f.headers] == []


def test_what_an_update_refuses_is_marked() -> None:
    assert {field.crm for field in FIELDS if not field.on_update} == {"gender", "companyName"}


_WRITABLE = """
    firstName lastName name email locationId gender phone address1 city state postalCode website
    timezone dnd dndSettings inboundDndSettings tags customFields source dateOfBirth country
    companyName assignedTo createNewIfDuplicateAllowed
"""
WRITABLE = set(_WRITABLE.split())
"""The properties of the specification's create, upsert and update (June 2026)."""

_NULLABLE = """
    firstName lastName name email phone address1 city state website timezone dateOfBirth source
    assignedTo
"""
NULLABLE = set(_NULLABLE.split())
"""Those that its update takes null for."""


def test_every_property_that_can_be_written_has_a_row_or_a_reason() -> None:
    assert set(BY_CRM) | set(NOT_SYNCED) == WRITABLE
    assert not set(BY_CRM) & set(NOT_SYNCED)


def test_null_is_sent_only_where_an_update_takes_it() -> None:
    assert {field.crm for field in FIELDS if field.nullable} == NULLABLE


def test_a_field_that_somebody_is_known_by_or_that_only_a_create_takes_is_not_emptied() -> None:
    clears = {field.name for field in FIELDS if field.rule.blank_clears}
    assert "email" not in clears
    assert clears <= {field.name for field in FIELDS if field.nullable}


def test_what_the_crm_owns_is_never_sent_and_what_the_platform_owns_never_taken_in() -> None:
    for to_crm in (True, False):
        for from_crm in (True, False):
            both = {"to_crm": to_crm, "from_crm": from_crm}
            assert not Rule(owner=Owner.CRM, **both).sends
            assert not Rule(owner=Owner.PLATFORM, **both).takes


def test_who_a_person_is_is_marked_as_personal() -> None:
    assert {"email", "phone", "first_name", "last_name", "name", "date_of_birth", "address1"} <= {
        field.name for field in FIELDS if field.personal
    }


def test_a_custom_field_is_text() -> None:
    assert fields.clean("custom.level", "  A1 \n B2", "US") == "A1 B2"


def test_a_field_that_does_not_exist_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(KeyError):
        fields.clean("firstname", "Ada", "US")
