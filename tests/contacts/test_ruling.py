"""Rules by example: one field, what three sides hold of it, and whose value counts."""

from __future__ import annotations

import pytest

from contacts.cleaning import Value
from contacts.fields import Owner, Rule, TieBreak
from contacts.merge import Conflict, Merged, merge, merge_tags, settle, unsent
from contacts.policy import Policy
from contacts.ruling import Side, Times

SHARED = Rule()
CLEARS = Rule(blank_clears=True)
PLATFORM = Rule(owner=Owner.PLATFORM)
CRM = Rule(owner=Owner.CRM)
OUT_ONLY = Rule(from_crm=False)
IN_ONLY = Rule(to_crm=False)
NOT_SYNCED = Rule(to_crm=False, from_crm=False)


def by(tie_break: TieBreak) -> Rule:
    return Rule(tie_break=tie_break)


def city(
    agreed: str, ours: str | None, theirs: str, rule: Rule, times: tuple[float, float] = (1, 1)
) -> Merged:
    """Merge a contact of which only the city is in play."""
    return merge(
        {"city": agreed} if agreed else {},
        {} if ours is None else {"city": ours},
        {"city": theirs} if theirs else {},
        policy=Policy({"city": rule}),
        times=Times({"city": times[0]}, times[1]),
    )


def told(found: Merged) -> tuple[Value | None, Value | None]:
    """What we change, and what they are told."""
    return found.to_ours.get("city"), found.to_theirs.get("city")


# agreed, ours, theirs, rule -> to ours, to theirs
@pytest.mark.parametrize(
    ("agreed", "ours", "theirs", "rule", "to_ours", "to_theirs"),
    [
        pytest.param("Bonn", "Bonn", "Bonn", SHARED, None, None, id="nothing moved"),
        pytest.param("Bonn", "Köln", "Bonn", SHARED, None, "Köln", id="we moved"),
        pytest.param("Bonn", "Bonn", "Köln", SHARED, "Köln", None, id="they moved"),
        pytest.param("Bonn", "Köln", "Köln", SHARED, None, None, id="both moved alike"),
        pytest.param("", "Bonn", "", SHARED, None, "Bonn", id="new here"),
        pytest.param("", None, "Bonn", SHARED, "Bonn", None, id="new there"),
        pytest.param("Bonn", None, "Bonn", SHARED, "Bonn", None, id="we say nothing"),
        pytest.param("Bonn", "Bonn", "", SHARED, None, "Bonn", id="a blank there says nothing"),
        pytest.param("Bonn", "", "Bonn", SHARED, "Bonn", None, id="a blank here says nothing"),
        pytest.param("Bonn", "Bonn", "", CLEARS, "", None, id="emptied there"),
        pytest.param("Bonn", "", "Bonn", CLEARS, None, "", id="emptied here"),
        pytest.param("Bonn", None, "Bonn", CLEARS, "Bonn", None, id="not said is not emptied"),
        pytest.param("Bonn", "Bonn", "Köln", PLATFORM, None, "Bonn", id="ours: they are overruled"),
        pytest.param("Bonn", None, "Köln", PLATFORM, None, None, id="ours: theirs is not taken in"),
        pytest.param("Bonn", "Köln", "Bonn", CRM, "Bonn", None, id="theirs: we are overruled"),
        pytest.param("", "Köln", "", CRM, None, None, id="theirs: ours is not sent"),
        pytest.param("Bonn", "Bonn", "Köln", OUT_ONLY, None, None, id="out only: it stays there"),
        pytest.param("Bonn", "Hamm", "Köln", OUT_ONLY, None, "Hamm", id="out only: both moved"),
        pytest.param("Bonn", "Köln", "Bonn", IN_ONLY, None, None, id="in only: ours stays here"),
        pytest.param("Bonn", "Hamm", "Köln", IN_ONLY, "Köln", None, id="in only: both moved"),
        pytest.param("Bonn", "Hamm", "Köln", NOT_SYNCED, None, None, id="not synced"),
    ],
)  # fmt: skip
def test_whose_value_counts(
    agreed: str,
    ours: str | None,
    theirs: str,
    rule: Rule,
    to_ours: str | None,
    to_theirs: str | None,
) -> None:
    assert told(city(agreed, ours, theirs, rule)) == (to_ours, to_theirs)


@pytest.mark.parametrize(
    ("rule", "times", "winner", "cause"),
    [
        pytest.param(by(TieBreak.PLATFORM), (1, 2), Side.OURS, "platform", id="platform"),
        pytest.param(by(TieBreak.CRM), (2, 1), Side.THEIRS, "crm", id="crm"),
        pytest.param(by(TieBreak.NEWEST), (1, 2), Side.THEIRS, "newest", id="theirs is newer"),
        pytest.param(by(TieBreak.NEWEST), (2, 1), Side.OURS, "newest", id="ours is newer"),
        pytest.param(by(TieBreak.NEWEST), (2, 2), Side.OURS, "newest", id="at the same time"),
        pytest.param(PLATFORM, (1, 2), Side.OURS, "owner", id="the platform owns it"),
        pytest.param(CRM, (2, 1), Side.THEIRS, "owner", id="the CRM owns it"),
        pytest.param(IN_ONLY, (2, 1), Side.THEIRS, "one-way", id="only theirs can travel"),
    ],
)
def test_where_both_moved_the_rule_decides_and_the_loser_is_told(
    rule: Rule, times: tuple[float, float], winner: Side, cause: str
) -> None:
    (conflict,) = city("Bonn", "Hamm", "Köln", rule, times).conflicts

    assert conflict == Conflict("city", "Hamm", "Köln", winner, cause)
    assert conflict.lost == ("Köln" if winner is Side.OURS else "Hamm")


def test_a_conflict_is_told_once() -> None:
    policy = Policy({"city": by(TieBreak.PLATFORM)})
    first = merge({"city": "Bonn"}, {"city": "Hamm"}, {"city": "Köln"}, policy=policy)
    again = merge(first.agreed, {"city": "Hamm"}, {"city": "Köln"}, policy=policy)

    assert len(first.conflicts) == 1
    assert (again.conflicts, again.to_theirs) == ((), {"city": "Hamm"})


def test_a_value_put_back_to_an_older_one_is_an_edit() -> None:
    assert told(city("Köln", "Köln", "Bonn", SHARED)) == ("Bonn", None)


def test_an_echo_of_our_own_write_changes_nothing() -> None:
    sent: dict[str, Value] = {"custom.score": "7.50", "phone": "+4930901820"}
    echo: dict[str, Value] = {"custom.score": 7.5, "phone": "+4930901820"}
    agreed = settle(sent, echo, {}, {}).agreed

    found = merge(agreed, sent, echo)

    assert (found.to_ours, found.to_theirs, found.conflicts) == ({}, {}, ())
    assert found.agreed == agreed


def test_our_own_write_of_which_we_saw_no_answer_is_not_their_edit() -> None:
    policy = Policy({"city": by(TieBreak.CRM)})
    arrived = {"city": "Hamm"}  # sent, no answer; then we moved on to Köln

    unaware = merge({"city": "Bonn"}, {"city": "Köln"}, arrived, policy=policy)
    aware = merge(
        {"city": "Bonn"}, {"city": "Köln"}, arrived, policy=policy, unanswered={"city": ["Hamm"]}
    )

    assert unaware.to_ours == {"city": "Hamm"}
    assert (aware.to_ours, aware.to_theirs, aware.conflicts) == ({}, {"city": "Köln"}, ())


def test_a_value_cut_short_there_is_not_their_edit() -> None:
    cut = settle({"city": "Bad Honnef"}, {"city": "Bad Ho"}, {"city": "Bonn"}, {})

    found = merge(cut.agreed, {"city": "Bad Honnef"}, {"city": "Bad Ho"}, refused=cut.refused)

    assert (found.to_ours, found.to_theirs, found.conflicts) == ({}, {}, ())
    assert found.refused == cut.refused


def test_an_edit_there_after_a_dropped_value_is_decided_like_any_other() -> None:
    cut = settle({"city": "Bad Honnef"}, {"city": "Bad Ho"}, {"city": "Bonn"}, {})

    found = merge(
        cut.agreed,
        {"city": "Bad Honnef"},
        {"city": "Köln"},
        refused=cut.refused,
        policy=Policy({"city": by(TieBreak.CRM)}),
    )

    assert (found.to_ours, found.refused) == ({"city": "Köln"}, {})


def test_what_a_merge_says_to_tell_is_what_is_owed_afterwards() -> None:
    ours: dict[str, Value] = {"city": "Köln", "state": "", "gender": "female", "source": "shop"}
    agreed: dict[str, Value] = {"city": "Bonn", "state": "NRW"}

    found = merge(agreed, ours, {"city": "Bonn", "state": "NRW", "website": "a.de"})

    assert found.to_theirs == {"city": "Köln", "state": "", "source": "shop"}
    after = {**ours, **found.to_ours}
    assert unsent(after, found.agreed, found.refused, linked=True) == found.to_theirs


def test_null_is_not_sent_where_the_crm_takes_none() -> None:
    policy = Policy({"country": CLEARS})
    assert unsent({"country": ""}, {"country": "DE"}, {}, linked=True, policy=policy) == {}
    found = merge({"country": "DE"}, {"country": "DE"}, {}, policy=policy)
    assert found.to_ours == {"country": ""}


def test_what_a_person_is_known_by_is_not_emptied() -> None:
    known = {"email": "a@b.de", "phone": "+4930901820"}
    policy = Policy({"email": CLEARS, "phone": CLEARS})
    assert merge(known, known, {}, policy=policy).to_ours == {"phone": ""}
    alone = {"phone": "+4930901820"}
    assert merge(alone, alone, {}, policy=policy).to_theirs == alone


def test_a_custom_field_that_nobody_here_named_is_not_taken_in() -> None:
    theirs: dict[str, Value] = {"custom.level": "A1"}
    assert merge({}, {}, theirs).to_ours == {}
    assert merge({}, {"custom.level": "A0"}, theirs).conflicts != ()
    assert merge({}, {}, theirs, policy=Policy({"custom.level": SHARED})).to_ours == theirs


def test_what_a_row_does_not_show_stays_as_it_is() -> None:
    both: dict[str, Value] = {"city": "Bonn", "website": "a.de"}
    found = merge(both, both, {"city": "Köln"}, shown={"city"})
    assert (found.to_ours, found.agreed["website"]) == ({"city": "Köln"}, "a.de")


def test_a_field_of_a_newer_version_stays_where_it_is() -> None:
    ours: dict[str, Value] = {"shoe_size": "44"}
    assert unsent(ours, {}, {}) == {}
    assert merge({}, ours, {"shoe_size": "45"}).to_ours == {}


def test_do_not_disturb_is_the_crms_word() -> None:
    assert unsent({"dnd": False}, {}, {}) == {}
    assert merge({"dnd": False}, {"dnd": False}, {"dnd": True}).to_ours == {"dnd": True}


# ---------------------------------------------------------------- tags


# tag: wanted, agreed, theirs -> taken on or off here, told there
@pytest.mark.parametrize(
    ("wanted", "agreed", "theirs", "to_ours", "add", "remove"),
    [
        pytest.param(True, True, True, None, False, False, id="nothing moved"),
        pytest.param(True, None, False, None, True, False, id="we put it on"),
        pytest.param(False, True, True, None, False, True, id="we took it off"),
        pytest.param(True, True, False, False, False, False, id="they took it off"),
        pytest.param(False, False, True, True, False, False, id="they put it on"),
        pytest.param(True, False, True, None, False, False, id="both put it on"),
        pytest.param(False, True, False, None, False, False, id="both took it off"),
        pytest.param(None, None, True, True, False, False, id="a tag of theirs alone"),
        pytest.param(False, None, True, None, False, True, id="off here, never compared"),
    ],
)
def test_tags_are_sets(
    wanted: bool | None,
    agreed: bool | None,
    theirs: bool,
    to_ours: bool | None,
    add: bool,
    remove: bool,
) -> None:
    found = merge_tags(
        {} if wanted is None else {"vip": wanted},
        {} if agreed is None else {"vip": agreed},
        ["vip"] if theirs else [],
    )

    assert found.to_ours.get("vip") is to_ours
    assert (found.add, found.remove) == ({"vip"} if add else set(), {"vip"} if remove else set())
    assert found.agreed == {"vip": theirs}


def test_no_value_of_a_merge_is_in_its_text() -> None:
    found = merge({"city": "Bonn"}, {"city": "Hamm"}, {"city": "Köln", "state": "NRW"})
    assert not any(word in repr(found) for word in ("Bonn", "Hamm", "Köln", "NRW"))
