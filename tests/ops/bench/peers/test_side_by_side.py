"""Several at once: figures in order, a failure is one peer's own, all stop together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ops.bench.peers.contest import Tell
from ops.bench.peers.peer import Peer
from ops.bench.peers.roll import PEERS
from ops.bench.peers.score import Score
from ops.bench.peers.side_by_side import Failed, Stopped, side_by_side
from ops.bench.world import Broken

Scores = Callable[..., Score]


def test_figures_come_in_the_order_of_the_peers(score: Scores) -> None:
    found = side_by_side(PEERS, 3, lambda peer, _: score(peer.name), lambda _: None)

    assert [one.name for one in found] == [peer.name for peer in PEERS]


def test_a_peer_that_fails_leaves_the_others_their_figures(score: Scores) -> None:
    def measure(peer: Peer, _: Tell) -> Score:
        if peer.name == "celery":
            raise Broken("no worker")
        return score(peer.name)

    found = side_by_side(PEERS[:3], 1, measure, lambda _: None)

    assert found[1] == Failed("celery", "no worker")
    assert [type(one) for one in found] == [Score, Failed, Score]


def test_the_line_says_how_far_each_is(score: Scores) -> None:
    lines: list[str] = []

    def measure(peer: Peer, tell: Tell) -> Score:
        tell("half")
        return score(peer.name)

    side_by_side(PEERS[:1], 1, measure, lines.append)

    assert lines == ["Rollbook: half"]


def test_who_breaks_it_off_stops_everybody(score: Scores) -> None:
    working, stopped = threading.Event(), threading.Event()

    def measure(peer: Peer, tell: Tell) -> Score:
        if peer is PEERS[0]:
            assert working.wait(60)
            raise KeyboardInterrupt
        try:
            while True:
                tell("at work")
                working.set()
        except Stopped:
            stopped.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        side_by_side(PEERS[:2], 2, measure, lambda _: None)

    assert stopped.is_set()
