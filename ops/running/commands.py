"""The command of each process of `rollbook up`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from contacts.settings import PREFIX, Settings
from ops.running.supervisor import Command

DOERS, WATCHERS = 0, 1
"""The stages of stopping: first nothing new is begun and running calls finish, then Flower, which
still wants to hear of them. The workers do not wait for the dispatcher to end: in that half second
they would begin what lies in Redis."""

LAST_WORDS_S = 10.0
"""What a worker gets beyond its longest call: a commit that waits for a database takes 7.7 s."""


def environment(settings: Settings, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that makes a child load the same settings.

    Args:
        settings: what `rollbook up` was started with, overrides included.
        base: the environment to add them to; ours by default.
    """
    env = dict(os.environ if base is None else base)
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is not None:
            env[f"{PREFIX}{name.upper()}"] = _text(value)
    env[f"{PREFIX}HOME"] = str(settings.home.absolute())
    env["PYTHONUNBUFFERED"] = "1"
    return env


def feed(settings: Settings) -> Command:
    """What asks the course platforms that can be asked what changed."""
    return Command("feed", (sys.executable, "-m", "producers.feed"), environment(settings), DOERS)


def commands(settings: Settings, cores: Sequence[int]) -> list[Command]:
    """Dispatcher, workers, beat, receiver and Flower, in the order of their start.

    Args:
        settings: with the address of Redis and the ports in them.
        cores: the cores we may use, the first ones first. Workers keep to one core each where
            there are enough: a process of threads that wanders between cores loses half of its
            speed to the interpreter's lock (docs/performance.md, "Forty locations").
    """
    env = environment(settings)
    module = (sys.executable, "-m")
    count = settings.worker_processes
    pinned = count <= len(cores)
    workers = [
        Command(
            name=f"worker-{n + 1}",
            argv=(*module, "worker"),
            env={**env, "ROLLBOOK_WORKER_NAME": f"worker-{n + 1}"},
            stage=DOERS,
            grace_s=settings.call_seconds + LAST_WORDS_S,
            core=cores[n] if pinned else None,
        )
        for n in range(count)
    ]
    return [
        *workers,
        Command("dispatcher", (*module, "producers.dispatcher"), env, DOERS),
        Command("beat", (*module, "producers.clock"), env, DOERS),
        Command("receiver", (*module, "producers.receiver"), env, DOERS),
        Command("flower", (*module, "ops.running.flower"), env, WATCHERS),
    ]


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value)
