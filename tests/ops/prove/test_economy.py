"""The proof of economy in small, and that it would notice."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts import existence
from ops.prove import economy, least
from ops.prove.economy import Mix
from ops.prove.least import Somebody
from tests.conftest import examples

SHARE = st.floats(0, 1)
MIXES = st.builds(
    Mix, there=SHARE, moved=SHARE, lack=SHARE, noted=SHARE, strangers=st.floats(0, 3),
    doubles=st.booleans(),
)  # fmt: skip


@settings(max_examples=examples(3), deadline=None)
@given(mix=MIXES, people=st.integers(1, 40), chance=st.integers(0, 10**6))
def test_no_school_costs_more_calls_than_it_must(mix: Mix, people: int, chance: int) -> None:
    shown = economy.backfill("any", mix, people, chance)
    assert [(one.name, one.by, one.needed.calls) for one in shown if not one.holds] == []
    assert len(shown) == 4


def test_one_by_one_it_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existence, "LEAST", 10**6)
    first = economy.backfill("all there", Mix(1.0), 100, 1)[0]
    assert not first.holds
    assert first.by["contact.get"] == 100


def test_the_least_is_what_a_person_reckons() -> None:
    ada = Somebody("ada@x.org", {"city": "Bonn"}, frozenset({"maths"}), ("Hello",))
    there = Somebody("ada@x.org", {"city": "Trier"}, frozenset({"vip"}))
    bob = Somebody("bob@x.org", {"city": "Bonn"}, frozenset({"maths"}))
    found = least.of_backfill([ada, bob], [there])
    assert dict(found.calls) == {
        "notes": 1, "creates": 1, "updates": 1, "tags": 1, "who is there": 1,
    }  # fmt: skip


def test_the_least_reads_the_list_only_as_far_as_it_pays() -> None:
    others = [Somebody(f"o{n}@x.org", {}) for n in range(1000)]
    file = [Somebody(f"s{n}@x.org", {}) for n in range(50)]
    assert least.of_backfill(file, file + others).calls["who is there"] == 1
    assert least.of_backfill(file, others + file).calls["who is there"] == 11
    assert least.of_backfill(file[:3], others + file[:3]).calls["who is there"] == 6
    assert least.of_backfill(file, others).calls["who is there"] == 0
    allowed = least.of_backfill(file, others, doubles_refused=False)
    assert allowed.calls["who is there"] == 10


def test_people_who_lack_the_same_tags_may_share_a_call() -> None:
    file = [Somebody(f"s{n}@x.org", {}, frozenset({"a"})) for n in range(25)]
    there = [Somebody(f"s{n}@x.org", {}) for n in range(25)]
    assert least.of_backfill(file, there).calls["tags"] == 25
    assert least.of_backfill(file, there, tag_batch=10).calls["tags"] == 3


def test_schools_are_the_same_for_the_same_seed() -> None:
    assert economy.any_mix(Random(3)) == economy.any_mix(Random(3))
