"""The command that plays histories: what it says, and when it fails."""

from __future__ import annotations

import json
from random import Random

import pytest

from ops.prove import merge
from ops.prove.histories import generate


def test_a_seed_is_one_history_for_ever() -> None:
    assert generate(Random(7)) == generate(Random(7))
    assert generate(Random(7)) != generate(Random(8))


def test_every_history_is_played_once_however_they_are_shared_out() -> None:
    shown = list(merge.prove(2 * merge.CHUNK + 1))

    assert [part.histories for part in shown] == [merge.CHUNK, merge.CHUNK, 1]
    assert not any(part.broken for part in shown)


def test_it_says_what_happened_for_people_and_for_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert merge.main(["--histories", "20"]) == 0
    assert "20 histories in" in capsys.readouterr().out
    assert merge.main(["--histories", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["histories"], found["broken"]) == (20, {})


def test_what_did_not_hold_is_shown_with_the_seed_that_plays_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(merge, "show", lambda _: merge.Shown(1, broken={4711: "an edit is gone"}))

    assert merge.main(["--seed", "4711"]) == 1

    assert "--seed 4711: an edit is gone" in capsys.readouterr().out


def test_no_histories_is_a_mistake() -> None:
    with pytest.raises(SystemExit, match="2"):
        merge.main(["--histories", "0"])
