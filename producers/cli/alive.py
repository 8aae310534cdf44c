"""Who answers: database, Redis, and the processes by their pulse."""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

from contacts.errors import UsageError

if TYPE_CHECKING:
    from contacts.settings import Settings
    from contacts.store.database import Store
    from contacts.store.processes import Process

PROCESSES: Final = ("dispatcher", "worker", "beat")
PULSES: Final = (*PROCESSES, "feed")
"""Those that show that they live; a feed is only needed where a platform can be asked."""
PARTS: Final = ("database", "redis", *PROCESSES)
"""What has to answer for Rollbook to be well. The others may be asked for by name."""

ANSWER_S: Final = 2.0


def redis_trouble(settings: Settings) -> str | None:
    """Why Redis cannot be used; None when it answers."""
    import redis

    from contacts import redis_client

    if settings.redis is None:
        return "no Redis: `rollbook up` starts one, or set ROLLBOOK_REDIS_URL"
    try:
        with redis_client.connect(
            settings.redis, timeout_s=ANSWER_S, connect_s=ANSWER_S, tries=1
        ) as client:
            client.ping()
    except UsageError as error:
        return str(error)
    except redis.RedisError as error:
        return f"Redis {redis_client.trouble(error, settings.redis)}"
    return None


def flower_address(settings: Settings) -> str:
    """Where Flower listens: what `rollbook up` noted, else what is set."""
    return _noted(settings, "flower") or f"http://{settings.flower_host}:{settings.flower_port}/"


def flower_trouble(settings: Settings) -> str | None:
    """Why Flower cannot be used; None when it answers."""
    # Its own page for this needs no password.
    return _trouble("Flower", flower_address(settings), "healthcheck")


def receiver_trouble(settings: Settings) -> str | None:
    """Why no webhook can come in; None when the receiver answers."""
    set_here = f"http://{settings.receiver_host}:{settings.receiver_port}/"
    return _trouble("the receiver", _noted(settings, "receiver") or set_here, "health")


def _noted(settings: Settings, name: str) -> str | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads((settings.home / "up.json").read_text())[name])
    return None


def _trouble(name: str, address: str, page: str) -> str | None:
    try:
        # No proxy: it is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{address}{page}", timeout=ANSWER_S):
            return None
    except (urllib.error.URLError, OSError, ValueError) as error:
        return f"{name} does not answer at {address} ({type(error).__name__})"


def living(store: Store, *, here: bool = False) -> list[Process]:
    """The processes with a pulse.

    Args:
        here: those of this machine only.
    """
    from contacts.store import processes

    ours = socket.gethostname()
    found = processes.living(store)
    return [one for one in found if not here or host(one.name) == ours]


def host(name: str) -> str:
    """The machine of ``role@host:pid``."""
    return name.partition("@")[2].rpartition(":")[0]
