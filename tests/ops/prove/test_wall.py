"""The proof of time and forecast in small, and that it would notice."""

from __future__ import annotations

from dataclasses import replace

from ops.prove import wall
from ops.prove.wall import Play, Shown
from producers import progress

NEW = Play("new, tags and a note", "token bucket", "constant 80 ms", people=60)
SHOWN = Shown(
    "x", seconds=103.0, needed=1000, made=1002, error=0.05, refused=0, arrived=1002, bounded=True,
    planned=103.0,
)  # fmt: skip


def test_a_backfill_of_new_people_makes_a_call_for_each_and_one_for_each_note() -> None:
    shown = wall.play(NEW)
    # Is a second contact refused, and is anybody there?
    assert (shown.needed, shown.made, shown.refused) == (120, 122, 0)
    # So few calls are over while the bucket still hides the limit.
    assert 0.9 < shown.ratio < 1.1
    assert shown.error < 0.25


def test_one_call_for_the_tags_of_many_arrives_once() -> None:
    shown = wall.play(replace(NEW, mix="half there"))
    assert shown.arrived == shown.made


def test_a_forecast_that_is_wrong_would_be_noticed() -> None:
    def twice(*words: object) -> progress.Look:
        look = progress.look(*words)  # type: ignore[arg-type]
        return replace(look, calls_left=2 * look.calls_left)

    assert wall.play(replace(NEW, foretells=twice)).error > 0.5


def test_bounds_are_at_their_edges() -> None:
    assert SHOWN.broken == []
    assert replace(SHOWN, seconds=103.1).broken == ["x: 1.031 of the time needed"]
    assert replace(SHOWN, error=0.051).broken == ["x: its end was foretold 5.1% wrong"]
    assert replace(SHOWN, planned=106.1).broken == ["x: a plan's time is +3.0% wrong"]
    assert replace(SHOWN, planned=99.8).broken == ["x: a plan's time is -3.1% wrong"]
    assert replace(SHOWN, refused=1).broken == ["x: 1 answers 429"]
    assert replace(SHOWN, arrived=1003).broken == ["x: 1002 calls were made and 1003 arrived"]
    assert replace(SHOWN, seconds=200.0, bounded=False).broken == []
