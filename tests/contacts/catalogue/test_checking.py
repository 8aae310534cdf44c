"""From what a person gave to a call that the CRM takes, in either generation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.catalogue import BY_NAME, OPERATIONS, Shape
from contacts.catalogue.checking import Request, request
from contacts.errors import Unsendable
from contacts.settings import V3

V2, HERE = "2021-07-28", "loc1"


def made(name: str, version: str = V2, **given: Any) -> Request:
    found, mistakes = request(BY_NAME[name], given, location=HERE, version=version)
    assert mistakes == []
    return found


def test_a_path_that_a_generation_has_not_is_said_before_anything_is_sent() -> None:
    assert BY_NAME["contacts.list"].path_in(V2) == "/contacts/"
    with pytest.raises(Unsendable, match="not in version v3"):
        BY_NAME["contacts.list"].path_in(V3)
    with pytest.raises(Unsendable, match="not in version 2021-07-28"):
        BY_NAME["contacts.lookup"].path_in(V2)


def test_a_path_that_v3_renamed_is_each_generations_own() -> None:
    clear = BY_NAME["contact.campaigns.clear"]

    assert clear.path_in(V2) == "/contacts/{id}/campaigns/removeAll"
    assert clear.path_in(V3) == "/contacts/{id}/campaigns/remove-all"


@pytest.mark.parametrize("version", [V2, V3])
@pytest.mark.parametrize("spelled", ["field_value", "fieldValue"])
def test_a_custom_field_goes_out_in_the_words_of_the_version(version: str, spelled: str) -> None:
    found = made("contact.upsert", version, customFields=[{"id": "cf1", spelled: "x"}])

    name = "fieldValue" if version == V3 else "field_value"
    assert (found.body or {})["customFields"] == [{"id": "cf1", name: "x"}]


@pytest.mark.parametrize("version", [V2, V3])
def test_a_channel_goes_out_in_the_words_of_the_version(version: str) -> None:
    settings = {"SMS": {"status": "active"}, "RCS": {"status": "active"}}

    found = made("contact.update", version, contactId="c1", dndSettings=settings)

    sms = "sms" if version == V3 else "SMS"
    assert set((found.body or {})["dndSettings"]) == {sms, "RCS"}


def test_the_location_is_filled_in_where_it_is_needed_and_only_there() -> None:
    assert made("contact.upsert").body == {"locationId": HERE}
    assert made("location.get").ids == (HERE,)
    assert made("contact.find", email="a@b.co").query == {"locationId": HERE, "email": "a@b.co"}
    assert made("contacts.lookup", V3, email="a@b.co").query == {"email": "a@b.co"}


def test_a_list_in_a_query_is_sent_as_json() -> None:
    found = made("contacts.of_business", V3, businessId="b1", startAfter='["1","c1"]')

    assert found.query["startAfter"] == '["1","c1"]'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(
    operation=st.sampled_from(OPERATIONS),
    version=st.sampled_from([V2, V3]),
    data=st.data(),
)
def test_whatever_is_given_it_is_a_call_or_a_mistake_of_a_field(
    operation: Any, version: str, data: st.DataObject
) -> None:
    names = [*operation.ids, *(one.name for one in (*operation.query, *operation.body)), "x"]
    given = data.draw(st.dictionaries(st.sampled_from(names), VALUES))

    found, mistakes = request(operation, given, location=HERE, version=version)

    if mistakes:
        assert {one.field for one in mistakes} <= {*names, *(one.v3 for one in operation.body)}
    else:
        fields = {one.name_in(version): one for one in operation.body_in(version)}
        for name, value in (found.body or {}).items():
            assert value is not None or fields[name].null
            assert not isinstance(value, bool) or fields[name].shape is Shape.BOOLEAN
