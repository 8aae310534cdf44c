"""What the proof of pauses calls good. (It runs in real time: `python -m ops.prove.upstream`.)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.prove.upstream import Seen, findings

GOOD = Seen(arrived=[0, 0], sent=[0, 0], went_on=2, delays_ms={"quiet": [20.0], "paused": [29.0]})


def test_a_pause_that_all_kept_is_good() -> None:
    assert all(one.good for one in findings(GOOD))


@pytest.mark.parametrize(
    "change",
    [
        {"arrived": [0, 1]},
        {"sent": [1, 0]},
        {"went_on": 1},
        {"burned": 1},
        {"delays_ms": {"quiet": [20.0], "paused": [31.0]}},
        {"delays_ms": {"quiet": [20.0]}},
        {"arrived": [], "sent": [], "went_on": 0},
    ],
    ids=str,
)
def test_whatever_is_out_of_its_bound_is_not(change: dict[str, object]) -> None:
    assert not all(one.good for one in findings(replace(GOOD, **change)))
