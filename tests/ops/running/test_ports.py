"""Who listens where, when somebody is there already."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from contacts.errors import UsageError
from contacts.settings import load
from ops.running.ports import choose

pytestmark = pytest.mark.parametrize("server", ["flower", "receiver"])


def test_a_port_that_was_set_and_is_taken_is_a_mistake(server: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        settings = load(home=tmp_path, **{f"{server}_port": taken})
        with pytest.raises(UsageError, match=f"ROLLBOOK_{server.upper()}_PORT={taken}"):
            choose(settings, server)


def test_when_only_the_default_port_is_taken_the_next_free_one_is_chosen(
    server: str, tmp_path: Path
) -> None:
    settings = load(home=tmp_path)
    usual = getattr(settings, f"{server}_port")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # somebody else may have it already: just as good
            stack.enter_context(socket.create_server(("127.0.0.1", usual)))
        chosen = choose(settings, server)
    assert chosen > usual


def test_port_0_is_any_free_one(server: str, tmp_path: Path) -> None:
    assert choose(load(home=tmp_path, **{f"{server}_port": 0}), server) > 1024
