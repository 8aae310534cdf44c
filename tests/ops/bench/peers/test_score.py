"""What two runs say."""

from __future__ import annotations

import json
import math

import pytest

from ops.bench.figures import Sample, Usage
from ops.bench.peers.contest import Crash, Steady
from ops.bench.peers.peer import Peer
from ops.bench.peers.roll import BY_NAME
from ops.bench.peers.score import document, doubled, incomplete, score
from ops.judge import Finding, exactly

PEER: Peer = BY_NAME["celery"]


def judged(
    people: int, *, there: int, tagged: int, noted: int, twice: int = 0, notes: int = 0
) -> list[Finding]:
    return [
        exactly("students in the CRM", there, people),
        exactly("of them with the tag of each course", tagged, people),
        exactly("of them with each note once", noted, people),
        exactly("contacts twice (email or phone)", twice, 0),
        exactly("notes twice", notes, 0),
    ]


def samples(calls_per_s: int, seconds: int) -> list[Sample]:
    """A worker that takes 4 ms of CPU for a call, its Redis 1 ms, and Flower 100 ms."""
    return [
        Sample(
            float(second),
            second * calls_per_s,
            {
                1: Usage("worker", second * calls_per_s * 0.004, 10**8),
                2: Usage("redis", second * calls_per_s * 0.001, 10**7),
                3: Usage("flower", second * calls_per_s * 0.1, 10**8),
            },
        )
        for second in range(seconds + 1)
    ]


def steady(people: int = 1000) -> Steady:
    report = {"refused_429": 7, "max_in_window": 104}
    whole = judged(people, there=people, tagged=people, noted=people)
    return Steady(people, samples(8, people // 8), report, whole, 0)


def crash(**changed: object) -> Crash:
    known: dict[str, object] = {
        "people": 110,
        "delays_ms": [5.0] * 9 + [800.0],
        "report": {},
        "findings": judged(110, there=110, tagged=110, noted=110),
        "open": 0,
    }
    return Crash(**(known | changed))  # type: ignore[arg-type]


def test_undisturbed_run_gives_time_use_refusals_and_cpu() -> None:
    found = score(PEER, steady(), crash())

    assert found.bound_s == 100.0
    assert found.times_bound == pytest.approx(1.25)
    assert found.use == pytest.approx(80.0)
    assert (found.refused, found.busiest, found.missing) == (7, 104, 0)
    assert found.cpu_ms == pytest.approx(5.0)  # Flower is for people, the peers have none


def test_a_live_job_that_never_came_is_seen_in_the_slowest() -> None:
    found = score(PEER, steady(), crash(delays_ms=[4.0, 6.0, math.inf]))

    assert (found.live, found.live_ms, found.live_p99_ms) == (3, 6.0, math.inf)


@pytest.mark.parametrize(
    ("seen", "lost"),
    [
        pytest.param({"there": 10, "tagged": 10, "noted": 10}, 0, id="whole"),
        pytest.param({"there": 8, "tagged": 8, "noted": 8}, 2, id="no contact"),
        pytest.param({"there": 10, "tagged": 9, "noted": 10}, 1, id="no tag"),
        pytest.param({"there": 10, "tagged": 10, "noted": 7}, 3, id="no note"),
    ],
)
def test_a_contact_without_its_tag_or_note_is_lost_too(seen: dict[str, int], lost: int) -> None:
    assert incomplete(judged(10, **seen)) == lost


def test_contacts_and_notes_that_are_there_twice_are_doubled() -> None:
    assert doubled(judged(10, there=10, tagged=10, noted=10, twice=1, notes=4)) == 5


@pytest.mark.parametrize(
    ("open_jobs", "held"),
    [pytest.param(3, 3, id="some come back"), pytest.param(60, 5, id="never more than are lost")],
)
def test_what_the_peers_books_still_know_is_held(open_jobs: int, held: int) -> None:
    five_less = judged(110, there=105, tagged=105, noted=105)

    found = score(PEER, steady(), crash(findings=five_less, open=open_jobs))

    assert (found.lost, found.held) == (5, held)


def test_too_few_calls_say_nothing() -> None:
    nothing = Steady(1000, samples(0, 10), {"refused_429": 0, "max_in_window": 0}, [], 0)

    with pytest.raises(ValueError, match="too few samples"):
        score(PEER, nothing, crash())


def test_document_is_json_and_never_is_null() -> None:
    found = score(PEER, steady(), crash(delays_ms=[math.inf]))

    (row,) = json.loads(json.dumps(document([found], contacts=1000), allow_nan=False))["peers"]

    assert (row["name"], row["times_bound"], row["live_p99_ms"]) == ("celery", 1.25, None)
