"""The same job with Dramatiq, as its guide has it: a limiter in the actor, retries by middleware.

    python -m dramatiq ops.bench.peers.dramatiq_project:worker    the workers, by Dramatiq's command
    python -m ops.bench.peers.dramatiq_project send FILE          put a message for each row
    python -m ops.bench.peers.dramatiq_project live               the same for each line of JSON

A call that finds the window full raises ``RateLimitExceeded``, and the message is tried again with
backoff. Kind choices where there was one: a window as the CRM's, retries without end and a backoff
of 1 to 10 s, where the defaults are 20 retries and 15 s to 7 days; keep-alive, a client a thread;
a queue and a priority of their own for live messages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.rate_limits import WindowRateLimiter
from dramatiq.rate_limits.backends import RedisBackend

from ops.bench import rival

LIMIT: Final = 100
WINDOW_S: Final = 10
BACKOFF_MS: Final = (1_000, 10_000)
URGENT, BULK = 0, 100
"""Priorities: the lower goes first."""

LIVE: Final = "live"


class Limited:
    """Calls the CRM if the window has room.

    Args:
        session: makes the call.
        limiter: asked before each.
    """

    def __init__(self, session: rival.Calls, limiter: WindowRateLimiter) -> None:
        self._session, self._limiter = session, limiter

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST and read the answer.

        Raises:
            dramatiq.RateLimitExceeded: the window is full; nothing was sent.
            httpx.HTTPError: no answer, or not a good one.
        """
        with self._limiter.acquire():
            return self._session.post(path, body)


@dataclass(frozen=True, slots=True)
class Project:
    """The actors, on their broker."""

    broker: RedisBroker
    bulk: dramatiq.Actor[..., None]
    live: dramatiq.Actor[..., None]


def build(env: Mapping[str, str], session: rival.Calls) -> Project:
    """The project; its settings are variables of the environment."""
    broker = RedisBroker(url=env[rival.BROKER])
    limiter = WindowRateLimiter(
        RedisBackend(url=env[rival.BROKER]), "crm", limit=LIMIT, window=WINDOW_S
    )
    work = rival.Work.of(env, Limited(session, limiter))
    retries = {"max_retries": None, "min_backoff": BACKOFF_MS[0], "max_backoff": BACKOFF_MS[1]}

    def sync(row: dict[str, str]) -> None:
        work.sync(row)

    def actor(name: str, queue: str, priority: int) -> dramatiq.Actor[..., None]:
        return dramatiq.actor(
            sync, actor_name=name, queue_name=queue, priority=priority, broker=broker, **retries
        )

    return Project(broker, actor("sync", "default", BULK), actor("sync_now", LIVE, URGENT))


def worker() -> None:
    """What Dramatiq's command calls in each of its processes: it looks for the global broker."""
    session = rival.Session(os.environ[rival.CRM_URL], os.environ[rival.TOKEN])
    dramatiq.set_broker(build(os.environ, session).broker)


def main() -> int:
    """Put messages."""
    command, *rest = sys.argv[1:]
    session = rival.Session(os.environ[rival.CRM_URL], os.environ[rival.TOKEN])
    project = build(os.environ, session)
    if command == "send":
        print(len([project.bulk.send(row) for row in rival.rows(*rest)]))
    else:
        for row in rival.incoming():
            project.live.send(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
