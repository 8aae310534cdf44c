"""Redis restarted under load, in short: killed, ended, and back empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.prove import restarts


@pytest.mark.journey
@pytest.mark.redis
def test_redis_restarted_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    proof = restarts.prove(tmp_path, 3, seed=1, tell=print, chunk=25)

    # How fast it goes on is measured by the proof itself, on a machine that does nothing else.
    bad = [one for one in proof.findings if not one.good and one.what != restarts.SLOWEST]
    assert bad == []
    assert {one.how for one in proof.restarts} == {"kill -9", "SIGTERM"}
    assert [one.emptied for one in proof.restarts] == [False, False, True]
