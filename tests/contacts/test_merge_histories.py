"""No edit is lost between the two sides, whatever happens to a contact.

``ops.prove.oracle`` is the model that judges; ``python -m ops.prove.merge`` plays 100,000.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import merge
from contacts.fields import BY_NAME, CUSTOM, Owner, Rule, TieBreak
from contacts.merge import Merged
from contacts.ruling import TIMELESS, Side, Times
from ops.prove.histories import PLAYED, TAGS, Edit, History, Look, Push, Quiet, Tag
from ops.prove.merge import show
from ops.prove.two_sides import play

HISTORIES = 10_000


def test_a_played_field_is_written_as_the_table_says() -> None:
    for name, played in PLAYED.items():
        if not name.startswith(CUSTOM):
            assert (played.on_update, played.nullable) == (
                BY_NAME[name].on_update,
                BY_NAME[name].nullable,
            )


def test_nothing_is_lost_in_seeded_histories() -> None:
    shown = show(range(HISTORIES))

    assert shown.broken == {}
    # They were worth playing: every way to decide was met, and most edits met nobody.
    assert {"by owner", "by one-way", "by newest", "by platform", "by crm"} <= set(shown.counts)
    assert shown.counts["conflicts"] > HISTORIES / 2
    assert shown.counts["alone"] > HISTORIES / 2


# ---------------------------------------------------------------- the same, by hypothesis

NAMES = st.lists(st.sampled_from(sorted(PLAYED)), min_size=1, max_size=3, unique=True)
RULES = st.builds(
    Rule, st.sampled_from(Owner), st.sampled_from(TieBreak), *(st.booleans() for _ in range(3))
)
SIDES = st.sampled_from(("ours", "theirs"))


def meanings(name: str) -> st.SearchStrategy[int]:
    return st.integers(0, 2 if name == "dnd" else 3)


@st.composite
def histories(draw: st.DrawFn) -> History:
    names = draw(NAMES)
    edits = st.sampled_from(names).flatmap(
        lambda name: st.builds(Edit, SIDES, st.just(name), meanings(name), st.integers(1, 9))
    )
    acts = st.one_of(
        edits,
        edits,
        st.builds(Tag, SIDES, st.sampled_from(TAGS), st.booleans()),
        st.builds(Look, st.none() | st.frozensets(st.sampled_from(names)), st.booleans()),
        st.builds(Push, st.sampled_from(("fine", "unseen", "lost")), st.booleans()),
        st.just(Quiet()),
    )
    dumb = st.frozensets(st.sampled_from(names), max_size=1)
    return History(
        rules={name: draw(RULES) for name in names},
        ours={name: draw(st.none() | meanings(name)) for name in names},
        theirs={name: draw(meanings(name)) for name in names},
        deaf=draw(dumb),
        cutting=draw(dumb) - {"dnd"},
        with_email=draw(st.booleans()),
        acts=(*draw(st.lists(acts, max_size=25)), Quiet()),
    )


@given(history=histories())
def test_nothing_is_lost_in_any_history(history: History) -> None:
    play(history)


# ---------------------------------------------------------------- the judge finds what is wrong


def ours_always(*values: Any, **more: Any) -> Merged:
    """As if nobody ever changed anything there."""
    found = merge.merge(*values, **more)
    return replace(found, to_ours={})


def no_conflicts(*values: Any, **more: Any) -> Merged:
    return replace(merge.merge(*values, **more), conflicts=())


def all_agreed(*values: Any, **more: Any) -> Merged:
    """As if what is to be told were told already."""
    found = merge.merge(*values, **more)
    return replace(found, agreed=found.agreed | found.to_theirs)


def timeless(*values: Any, **more: Any) -> Merged:
    return merge.merge(*values, **(more | {"times": TIMELESS}))


def forgetful(*values: Any, **more: Any) -> Merged:
    """As if nothing had ever been agreed: an echo is then an edit."""
    return merge.merge({}, *values[1:], **more)


def unaware(*values: Any, **more: Any) -> Merged:
    """Our own write, of which we saw no answer, is taken for somebody's edit."""
    return merge.merge(*values, **(more | {"unanswered": {}}))


def blanks_clear(*values: Any, **more: Any) -> Merged:
    policy = more["policy"]
    own = {name: replace(rule, blank_clears=True) for name, rule in policy.own.items()}
    return merge.merge(*values, **(more | {"policy": replace(policy, own=own)}))


@pytest.mark.parametrize(
    "wrong",
    [ours_always, no_conflicts, all_agreed, timeless, forgetful, unaware, blanks_clear],
    ids=lambda one: one.__name__,
)
def test_a_merge_that_is_wrong_is_found(wrong: Callable[..., Merged]) -> None:
    assert show(range(300), wrong).broken


def test_later_wins_only_if_it_is_certain() -> None:
    assert Times({"city": 1.0}, 2.0).newer("city") is Side.THEIRS
    assert Times({"city": 2.0}, 2.0).newer("city") is Side.OURS
    assert Times({}, 2.0).newer("city") is Side.OURS
    assert Times({"city": 1.0}).newer("city") is Side.OURS
