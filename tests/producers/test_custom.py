"""Custom fields that a mapping names and a location does not have."""

from __future__ import annotations

import pytest

from contacts.store.accounts import CustomField
from producers import custom, mapping
from producers.mapping import Export

KNOWN = [
    CustomField("3sv6UEo51C9Bmpo1cKTq", "level", "Level of skill", "TEXT"),
    CustomField("9x", "start_date", "Start", "DATE"),
]


def export(*names: str) -> Export:
    fields = {"email": "Email"} | {f"custom.{name}": f"Column {name}" for name in names}
    return mapping.parse({"fields": fields}, origin="x")


@pytest.mark.parametrize("name", ["level", "3sv6UEo51C9Bmpo1cKTq", "contact.level"])
def test_a_field_is_known_by_its_key_or_id(name: str) -> None:
    assert custom.unknown(export(name), KNOWN, "loc_1") == {}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("levle", '; did you mean "level"?'),
        ("Level of skill", '; its key is "level"'),
        ("shoe_size", ""),
    ],
)
def test_another_one_is_told_with_a_hint(name: str, hint: str) -> None:
    assert custom.unknown(export("level", name), KNOWN, "loc_1") == {
        f"custom.{name}": (
            f'is mapped to the custom field "{name}", which location loc_1 does not have{hint}'
        )
    }


def test_what_is_taken_out_leaves_the_rest_as_it_is() -> None:
    whole = export("level", "levle")
    left = custom.without(whole, list(custom.unknown(whole, KNOWN, "loc_1")))
    assert left.fields == {"email": "Email", "custom.level": "Column level"}
    assert custom.named(left) == ["custom.level"]
    assert custom.named(whole) == ["custom.level", "custom.levle"]
