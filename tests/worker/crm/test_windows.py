"""Which window does the CRM count in? Told from probes of servers that are known."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.simulator import limits as windows
from tests.conftest import examples
from worker.crm.windows import Model, Sample, tell

KINDS = {
    "fixed-clock": Model.FIXED_CLOCK,
    "fixed-first": Model.FIXED_FIRST,
    "sliding-log": Model.LOG,
    "sliding-counter": Model.COUNTER,
    "token-bucket": Model.BUCKET,
}
BEGAN = 1_800_000_000.0


def probe(
    server: windows.Window, began: float, *, limit: int, window: float, latency: list[float]
) -> list[Sample]:
    """What a worker sees: a burst of half a window, then a fifth of the pace."""
    random = Random(math.floor(began * 1000))
    each = 5 * window / limit
    times = [(began, False)] * (limit // 2)
    times += [(began + number * each, True) for number in range(1, round(2.5 * window / each) + 1)]
    sent = []
    for at, judged in times:
        there, back = random.uniform(*latency), random.uniform(*latency)
        sent.append((at + there, at, at + there + back, judged))
    samples = []
    for arrived, at, answered, judged in sorted(sent):
        assert server.arrive(arrived)  # a probe is refused by none
        samples.append(Sample(at, answered, server.left(arrived), judged))
    return samples


def probes(
    kind: str, phase: float, *, offset: float = 0.4, limit: int = 100, window: float = 10.0,
    latency: tuple[float, float] = (0.02, 0.1),
) -> list[list[Sample]]:  # fmt: skip
    server = windows.window(kind, limit, window, counts_refused=False, phase=phase)
    again = BEGAN + (7 + offset) * window
    return [
        probe(server, began, limit=limit, window=window, latency=list(latency))
        for began in (BEGAN, again)
    ]


def turns_in_a_burst(phase: float, offset: float, slow: float) -> bool:
    """Whether a window by the clock turns while the calls of a burst arrive."""
    return any(slow / 4 <= (phase - began) % 10 <= slow for began in (0.0, (7 + offset) * 10))


@given(
    kind=st.sampled_from(sorted(KINDS)),
    phase=st.floats(0, 10, exclude_max=True),
    offset=st.floats(0.25, 0.75),
    slow=st.floats(0.01, 0.2),
)
@settings(max_examples=examples(20), deadline=None)
def test_each_way_to_count_is_told_at_every_phase_and_latency(
    kind: str, phase: float, offset: float, slow: float
) -> None:
    assume(not turns_in_a_burst(phase, offset, slow))
    parts = probes(kind, phase, offset=offset, latency=(slow / 4, slow))

    assert tell(parts, per_window=100, window_s=10.0).model is KINDS[kind]


@given(
    kind=st.sampled_from(["fixed-clock", "sliding-counter"]),
    slow=st.floats(0.01, 0.2),
    part=st.floats(0.25, 1),
)
@settings(max_examples=examples(10), deadline=None)
def test_where_a_window_turns_within_a_burst_it_is_told_rightly_or_not_at_all(
    kind: str, slow: float, part: float
) -> None:
    parts = probes(kind, slow * part, latency=(slow / 4, slow))

    assert tell(parts, per_window=100, window_s=10.0).model in (KINDS[kind], Model.UNKNOWN)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_sandbox_with_25_calls_is_told_as_well(kind: str) -> None:
    parts = probes(kind, 3.3, limit=25)

    assert tell(parts, per_window=25, window_s=10.0).model in (KINDS[kind], Model.UNKNOWN)


@pytest.mark.parametrize("kind", ["fixed-clock", "fixed-first"])
def test_where_a_window_turns_with_the_first_call_two_parts_tell_what_one_cannot(kind: str) -> None:
    parts = probes(kind, BEGAN % 10 + 0.03, latency=(0.03, 0.03))

    assert tell(parts, per_window=100, window_s=10.0).model is KINDS[kind]


def test_somebody_else_on_the_same_quota_makes_it_unknown_and_not_wrong() -> None:
    server = windows.window("sliding-log", 100, 10.0, counts_refused=False, phase=0.0)
    parts = []
    for began in (BEGAN, BEGAN + 74.0):
        samples = probe(server, began, limit=100, window=10.0, latency=[0.02, 0.1])
        random = Random(5)
        parts.append(
            [
                Sample(s.sent, s.answered, max(0, (s.left or 0) - random.randrange(25)), s.judged)
                for s in samples
            ]
        )

    verdict = tell(parts, per_window=100, window_s=10.0)

    assert verdict.model is Model.UNKNOWN
    assert min(verdict.misses.values()) > 1.5


def test_without_the_header_nothing_can_be_told() -> None:
    parts = [
        [Sample(s.sent, s.answered, None, s.judged) for s in part]
        for part in probes("token-bucket", 0)
    ]

    assert tell(parts, per_window=100, window_s=10.0).model is Model.UNKNOWN
