"""Starting a stand-in, in a thread and in a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.simulator import control
from ops.simulator.config import BadConfig

WORLD: dict[str, Any] = {"locations": [{"id": "loc1"}]}


@pytest.mark.parametrize("start", ["thread", "process"])
def test_it_is_there_and_then_it_is_gone(start: str, tmp_path: Path) -> None:
    running = control.in_thread(WORLD) if start == "thread" else control.in_process(WORLD, tmp_path)
    with running as one:
        assert one.report()["arrivals"] == 0
        assert httpx.get(f"{one.url}/contacts/x").status_code == 401
        assert one.report()["arrivals"] == 1
    with pytest.raises(httpx.TransportError):
        httpx.get(one.url)


def test_a_world_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(BadConfig, match=r"^latency: "), control.in_thread({"latency": 3}):
        pass


def test_what_the_other_side_refuses_is_said_by_name() -> None:
    with control.in_thread(WORLD) as one, pytest.raises(ValueError, match=r"^chance: "):
        one.fault("drop", chance=2)
