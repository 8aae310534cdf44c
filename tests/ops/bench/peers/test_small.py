"""Each peer does its job when nobody disturbs it: none is a straw man. A handful of contacts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import redis

from ops.bench.peers import contest
from ops.bench.peers.ours import Ours
from ops.bench.peers.peer import Order, Peer, Running
from ops.bench.peers.roll import BY_NAME
from ops.bench.peers.score import doubled, incomplete

PEOPLE = 4

pytestmark = [pytest.mark.journey, pytest.mark.redis]


def does_its_job(order: Order, at: Running) -> None:
    """The file and one live job, to their end."""
    (urgent,) = contest.live_rows(1)

    at.put()
    at.live(urgent)
    left = contest.wait_for_end(at, order.crm, 60.0, 90.0, lambda _: None)

    report = order.crm.report()
    findings = contest.judged(order, [contest.student(urgent)], report)
    assert left == 0
    assert (incomplete(findings), doubled(findings)) == (0, 0)
    assert (report["contacts"], report["refused_429"]) == (PEOPLE + 1, 0)


@pytest.mark.parametrize("name", ["celery", "dramatiq", "rq", "sdk"])
def test_everybody_is_there_once_with_tag_and_note(name: str, tmp_path: Path) -> None:
    peer: Peer = BY_NAME[name]
    if peer.needs:
        pytest.importorskip(peer.needs, reason=f"{peer.needs}: `make bench-peers` installs it")

    with contest.started(peer, tmp_path / "place", PEOPLE, notes=True) as (order, at):
        does_its_job(order, at)


def test_rollbook_asks_the_textbooks_bucket_where_it_is_told_to(tmp_path: Path) -> None:
    """`rollbook`, the peer, is the same but for this: the product's own journeys are enough."""
    peer = BY_NAME["textbook"]

    with contest.started(peer, tmp_path / "place", PEOPLE, notes=True) as (order, at):
        does_its_job(order, at)

        assert isinstance(at, Ours)
        with redis.Redis.from_url(at.up.redis_url) as client:
            location = order.crm.location
            assert client.exists(f"textbook:{location}")
            assert not client.exists(f"rollbook:limit:{{{location}}}:seen")
            assert not client.exists(f"rollbook:limit:{{{location}}}:flying")


def test_script_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """The whole run with live jobs and a kill -9, of the peer that is quickest to start."""
    pytest.importorskip("highlevel", reason="gohighlevel-api-client is not installed")

    seen = contest.crash(BY_NAME["sdk"], tmp_path / "crash", 12, 60.0, lambda _: None)

    assert seen.delays_ms
    assert max(seen.delays_ms) < math.inf
    assert (incomplete(seen.findings), seen.open) == (0, 0)
    assert doubled(seen.findings) <= 1  # the row that was under way
    assert seen.people == 12 + len(seen.delays_ms)
