"""What a property becomes when it is kept: phones, names, blanks, custom fields."""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import values
from ops.simulator.config import CustomField, Location
from ops.simulator.quirks import Quirks
from ops.simulator.refusals import Refusal

PLAIN = Quirks()
FIELDS = (
    CustomField(id="f1", key="contact.level"),
    CustomField(id="f2", key="score", data_type="NUMERICAL"),
    CustomField(id="f3", key="topics", data_type="CHECKBOX"),
)


def place(country: str = "US") -> Location:
    return Location(id="loc1", country=country, custom_fields=FIELDS)


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        pytest.param("+1 888-888-8888", "DE", "+18888888888", id="SPEC: with its country code"),
        pytest.param("(202) 555-0143", "US", "+12025550143", id="by the location's country"),
        pytest.param("030 1234567", "DE", "+49301234567", id="by another country"),
        pytest.param("call me", "US", None, id="none"),
        pytest.param("12", "US", None, id="too short"),
    ],
)
def test_a_phone_is_kept_in_e164(written: str, country: str, kept: str | None) -> None:
    assert values.e164(written, country) == kept


def test_a_phone_that_is_none_by_switch() -> None:
    def phone(how: Any) -> Any:
        quirks = Quirks(bad_phone=how)
        return values.applied({}, {"phone": "call me"}, place(), quirks).get("phone")

    assert phone("kept") == "call me"
    assert phone("dropped") is None
    with pytest.raises(Refusal, match="phone"):
        phone("refused")


@pytest.mark.parametrize(
    ("body", "split", "names"),
    [
        ({"name": "Ada Byron Lovelace"}, "first-word", ("Ada", "Byron Lovelace")),
        ({"name": "Ada Byron Lovelace"}, "last-word", ("Ada Byron", "Lovelace")),
        ({"name": "Ada"}, "first-word", ("Ada", None)),
        ({"name": "Ada"}, "last-word", ("Ada", None)),
        ({"name": "Somebody Else", "firstName": "Ada"}, "first-word", ("Ada", None)),
    ],
)
def test_a_full_name_is_split(body: dict[str, str], split: Any, names: tuple[Any, Any]) -> None:
    new = values.applied({}, body, place(), Quirks(name_split=split))
    assert (new.get("firstName"), new.get("lastName")) == names


@pytest.mark.parametrize(("nothing", "switch"), [(None, "null"), ("", "blank")])
@pytest.mark.parametrize(("how", "left"), [("clears", {}), ("ignored", {"city": "Rome"})])
def test_nothing_clears_or_is_ignored_by_switch(
    nothing: str | None, switch: str, how: str, left: dict[str, str]
) -> None:
    quirks = Quirks(**{switch: how})  # type: ignore[arg-type]
    assert values.applied({"city": "Rome"}, {"city": nothing}, place(), quirks) == left


def test_the_case_of_an_email_by_switch() -> None:
    body = {"email": "Ada@Example.org"}
    assert values.applied({}, body, place(), PLAIN) == body
    lower = values.applied({}, body, place(), Quirks(email_case="lower"))
    assert lower == {"email": "ada@example.org"}


@pytest.mark.parametrize(
    ("item", "version3", "kept"),
    [
        pytest.param({"id": "f1", "field_value": "A"}, False, {"f1": "A"}, id="SPEC: by id"),
        pytest.param({"key": "level", "field_value": "A"}, False, {"f1": "A"}, id="SPEC: by key"),
        pytest.param({"key": "contact.level", "field_value": "A"}, False, {"f1": "A"}, id="long"),
        pytest.param({"id": "f1", "fieldValue": "A"}, True, {"f1": "A"}, id="SPEC v3"),
        pytest.param({"id": "f1", "field_value": "A"}, True, {"f1": "A"}, id="SPEC v3: old name"),
        pytest.param({"id": "f1", "fieldValue": "A"}, False, {}, id="new name in an old version"),
        pytest.param({"id": "f2", "field_value": "7.50"}, False, {"f2": 7.5}, id="a number"),
        pytest.param({"id": "f2", "field_value": 7.0}, False, {"f2": 7}, id="a whole number"),
        pytest.param({"id": "f2", "field_value": "many"}, False, {"f2": "many"}, id="no number"),
        pytest.param({"id": "f3", "field_value": "a"}, False, {"f3": ["a"]}, id="one choice"),
        pytest.param({"id": "nope", "field_value": "A"}, False, {}, id="unknown: ignored"),
    ],
)
def test_a_custom_field(item: dict[str, Any], version3: bool, kept: dict[str, Any]) -> None:
    assert values.custom({}, [item], place(), PLAIN, v3=version3) == kept


def test_an_unknown_custom_field_can_be_refused() -> None:
    quirks = Quirks(unknown_custom_field="refused")
    with pytest.raises(Refusal, match="nope does not exist"):
        values.custom({}, [{"key": "nope", "field_value": 1}], place(), quirks, v3=False)


def test_custom_fields_are_merged_by_id() -> None:
    new = values.custom(
        {"f1": "A", "f2": 7}, [{"id": "f1", "field_value": None}], place(), PLAIN, v3=False
    )
    assert new == {"f2": 7}


def test_tags_are_lower_case_and_each_once() -> None:
    assert values.tags(["Course: Ä", "course: ä", " a ", ""], PLAIN) == ("course: ä", "a")
    assert values.tags([" A "], Quirks(trims_tags=False)) == (" a ",)
