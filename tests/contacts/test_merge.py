"""What the CRM still has to be told, and what it took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contacts.cleaning import Value
from contacts.contact import fingerprint
from contacts.fields import Owner, Rule
from contacts.merge import merge, settle, unsent
from contacts.policy import Policy
from contacts.ruling import made

NAMES = st.sampled_from(["email", "first_name", "name", "gender", "city", "custom.level"])
VALUES = st.one_of(
    st.text("aA1. äß", min_size=1, max_size=5), st.integers(), st.floats(allow_nan=False)
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=4)


def test_a_field_that_is_agreed_is_not_sent_again() -> None:
    assert unsent({"city": "Bonn", "state": "NRW"}, {"city": "Bonn"}, {}) == {"state": "NRW"}


def test_a_value_that_the_crm_dropped_is_not_sent_again_but_another_is() -> None:
    refused = {"custom.level": fingerprint("A1")}
    assert unsent({"custom.level": "A1"}, {}, refused) == {}
    assert unsent({"custom.level": "A2"}, {}, refused) == {"custom.level": "A2"}


def test_what_an_update_does_not_take_is_owed_only_until_the_contact_is_there() -> None:
    ours = {"gender": "female", "company_name": "Acme", "city": "Bonn", "custom.level": "A1"}
    assert unsent(ours, {}, {}) == ours
    assert unsent(ours, {}, {}, linked=True) == {"city": "Bonn", "custom.level": "A1"}


def test_a_text_that_only_looks_like_the_same_number_is_sent() -> None:
    assert unsent({"custom.edition": "1.10"}, {"custom.edition": "1.1"}, {}) != {}


def test_a_field_that_did_not_come_back_is_named_and_not_agreed() -> None:
    settled = settle(
        {"city": "Bonn", "custom.level": "A1"}, {"city": "Bonn"}, {"custom.level": "A0"}, {}
    )
    assert settled.agreed == {"city": "Bonn"}
    assert settled.dropped == ("custom.level",)
    assert settled.refused == {"custom.level": fingerprint("A1")}


def test_a_field_taken_at_last_is_no_longer_refused() -> None:
    settled = settle({"city": "Bonn"}, {"city": "Bonn"}, {}, {"city": fingerprint("Bonn")})
    assert settled.refused == {}
    assert settled.agreed == {"city": "Bonn"}


def test_a_number_or_date_in_another_spelling_was_taken_and_stays_in_ours() -> None:
    sent: dict[str, Value] = {
        "custom.score": "7.50",
        "custom.start": "2026-01-02",
        "custom.topics": "maths",
    }
    theirs: dict[str, Value] = {
        "custom.score": 7.5,
        "custom.start": "2026-01-02T00:00:00.000Z",
        "custom.topics": ["maths"],
    }
    settled = settle(sent, theirs, {}, {})
    assert settled.dropped == ()
    assert settled.agreed == sent


def test_a_full_name_may_come_back_in_parts_and_in_lower_case() -> None:
    sent = {"name": "Ann Marie Lee"}
    assert not settle(sent, {"first_name": "ann", "last_name": "marie lee"}, {}, {}).dropped
    assert not settle(sent, {"name": "ann marie lee"}, {}, {}).dropped
    assert settle(sent, {"name": "Bob", "first_name": "Bob"}, {}, {}).dropped == ("name",)
    assert settle(sent, {}, {}, {}).dropped == ("name",)


def test_another_spelling_of_a_first_name_is_not_the_same() -> None:
    assert settle({"first_name": "Ann"}, {"first_name": "ann"}, {}, {}).dropped == ("first_name",)


def test_a_value_that_the_crm_tidied_up_is_its_edit_then_and_has_lost_nothing() -> None:
    sent = {"city": " new york,", "website": "https://www.ada.example"}
    theirs = {"city": "New York", "website": "ada.example"}

    settled = settle(sent, theirs, {}, {})

    assert settled.respelled == ("city", "website")
    assert (settled.dropped, settled.agreed) == ((), sent)
    merged = merge(settled.agreed, sent, theirs, refused=settled.refused)
    assert (merged.to_ours, merged.to_theirs, merged.refused) == (theirs, {}, {})


def test_where_the_platform_decides_its_spelling_stays_here_and_is_not_sent_for_ever() -> None:
    policy = Policy({"city": Rule(Owner.PLATFORM)})
    settled = settle({"city": "new york"}, {"city": "New York"}, {}, {})
    merged = merge(
        settled.agreed, {"city": "new york"}, {"city": "New York"},
        policy=policy, refused=settled.refused,
    )  # fmt: skip
    assert (merged.to_ours, merged.to_theirs) == ({}, {})


def test_a_change_of_capitals_that_the_crm_did_not_take_is_dropped() -> None:
    settled = settle({"city": "Bonn"}, {"city": "bonn"}, {"city": "bonn"}, {})
    assert settled.dropped == ("city",)


def test_what_was_cut_short_is_told_apart_from_what_was_left_out() -> None:
    sent = {"address1": "12 St James's Square", "city": "London", "state": "England"}
    settled = settle(sent, {"address1": "12 St Jam", "city": "Paris"}, {}, {})
    assert settled.dropped == ("address1", "city", "state")
    assert [made(settled.refused[name]).value for name in settled.dropped] == [
        "cut short", "dropped", "dropped",
    ]  # fmt: skip
    assert unsent(sent, settled.agreed, settled.refused) == {}


@given(sent=RECORDS, theirs=RECORDS, agreed=RECORDS)
def test_every_field_sent_is_either_agreed_or_dropped(
    sent: dict[str, Value], theirs: dict[str, Value], agreed: dict[str, Value]
) -> None:
    settled = settle(sent, theirs, agreed, {})
    marked = {n for n in sent if n in settled.refused}
    assert {*settled.dropped, *settled.respelled} == marked
    assert all(settled.agreed[n] == sent[n] for n in sent if n not in settled.dropped)
    assert all(settled.agreed.get(n) == theirs.get(n) for n in settled.dropped)
    assert unsent(sent, settled.agreed, settled.refused) == {}


@given(sent=RECORDS)
def test_an_answer_that_says_the_same_drops_nothing(sent: dict[str, Value]) -> None:
    settled = settle(sent, sent, {}, {})
    assert settled.dropped == ()
