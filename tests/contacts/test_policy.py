"""The rules of one location, and how they are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contacts.fields import BY_NAME, CUSTOM_RULE, Owner, Rule, TieBreak
from contacts.policy import TABLE, UNKNOWN, Policy, from_json, to_json

RULES = st.builds(
    Rule, st.sampled_from(Owner), st.sampled_from(TieBreak), *(st.booleans() for _ in range(3))
)
NAMES = st.sampled_from([*BY_NAME, "custom.level", "custom.score"])


@given(
    own=st.dictionaries(NAMES, RULES),
    custom=RULES,
    mapped=st.frozensets(st.sampled_from(["custom.level", "custom.score"])),
)
def test_what_was_kept_comes_back(
    own: dict[str, Rule], custom: Rule, mapped: frozenset[str]
) -> None:
    policy = Policy(own, custom, mapped)
    back = from_json(to_json(policy))
    assert (dict(back.own), back.custom, back.mapped) == (own, custom, mapped)
    assert all(policy.names(name) for name in mapped)


def test_nothing_kept_is_the_table() -> None:
    assert from_json(None) is TABLE
    assert from_json(to_json(TABLE)) == TABLE
    assert TABLE.rule("city") == BY_NAME["city"].rule
    assert TABLE.rule("custom.anything") == CUSTOM_RULE


def test_a_field_of_a_newer_version_is_left_out() -> None:
    kept = to_json(Policy({"shoe_size": Rule(), "city": Rule()}))
    assert set(from_json(kept).own) == {"city"}
    assert TABLE.rule("shoe_size") == UNKNOWN
