"""Values that are accepted and not kept: each way by its switch, and told to whoever judges."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ops.simulator.config import Mangling
from ops.simulator.mangling import mangled


@pytest.mark.parametrize(
    ("switch", "made", "kept"),
    [
        ("drop_chance", "dropped", "old town"),
        ("cut_chance", "cut", "new"),
        ("tidy_chance", "tidied", "New York"),
    ],
)
def test_a_text_is_kept_otherwise_than_it_was_sent(switch: str, made: str, kept: str) -> None:
    switches = Mangling(**{switch: 1.0})

    found = mangled({"city": "old town"}, {"city": "new  york"}, switches, Random(1))

    assert found == ({"city": kept}, {"city": made})


def test_what_did_not_change_or_is_no_such_text_stays() -> None:
    same = {"city": "old town", "email": "ada@example.org", "state": "NY", "dnd": True}

    assert mangled({"city": "old town"}, same, Mangling(drop_chance=1), Random(1)) == (same, {})


def test_the_answer_shows_what_was_kept(stand_in: Any) -> None:
    api = stand_in(mangling={"drop_chance": 1})
    made = api.upsert(email="ada@example.org", city="Somewhere").json["contact"]

    assert "city" not in made
    assert api.standin.world.mangled == [(made["id"], "city", "dropped")]
