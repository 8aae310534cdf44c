"""Who takes part, and how each is started."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, cast

from ops.bench import rival
from ops.bench.peers import ours, project
from ops.bench.peers.peer import Order, Peer
from ops.bench.peers.project import Commands, Project

CELERY_WORKERS: Final = 2
CALLS_PER_S: Final = 10.0
DRAMATIQ: Final = "ops.bench.peers.dramatiq_project"
RQ: Final = "ops.bench.peers.rq_project"
SDK: Final = "ops.bench.peers.sdk_loop"


def celery(order: Order) -> AbstractContextManager[Project]:
    """Two workers that share the limit as somebody does who counts workers and calls; and, as
    Celery's FAQ advises, urgent work has a queue and a worker of its own."""
    module = "ops.bench.rival"
    each = CALLS_PER_S / CELERY_WORKERS / (2 if order.notes else 1)
    return project.running(
        order,
        Commands(
            workers={
                "one": (module, "worker", "one"),
                "two": (module, "worker", "two"),
                "urgent": (module, "worker", "urgent", "live"),
            },
            send=(module, "send", str(order.file)),
            live=(module, "live", "live"),
            open=_celery_open,
            env={rival.RATE: f"{each}/s"},
        ),
    )


def dramatiq(order: Order) -> AbstractContextManager[Project]:
    """Two processes of eight threads, by Dramatiq's own command."""
    command = ("dramatiq", f"{DRAMATIQ}:worker", "--processes", "2", "--threads", "8")
    return project.running(
        order,
        Commands(
            workers={"dramatiq": command},
            send=(DRAMATIQ, "send", str(order.file)),
            live=(DRAMATIQ, "live"),
            open=_dramatiq_open,
        ),
    )


def rq(order: Order) -> AbstractContextManager[Project]:
    """A pool of eight workers."""
    return project.running(
        order,
        Commands(
            workers={"pool": (RQ, "worker")},
            send=(RQ, "send", str(order.file)),
            live=(RQ, "live"),
            open=_rq_open,
        ),
    )


def sdk(order: Order) -> AbstractContextManager[Project]:
    """A script; whether it has ended is all that it knows."""
    done = str(order.folder / "done.txt")
    return project.running(
        order,
        Commands(
            workers={"loop": (SDK, "run", str(order.file), done)},
            live=(SDK, "live"),
            open=lambda script: int(script.working()),
        ),
    )


def _celery_open(at: Project) -> int:
    """What waits, and what a worker holds or waits to try again. Such a task of a dead worker
    comes back after the visibility timeout, an hour by default."""
    waiting = sum(_count(at.redis.llen(queue)) for queue in ("celery", "live"))
    return waiting + _count(at.redis.hlen("unacked"))


def _dramatiq_open(at: Project) -> int:
    """Each message is in its queue's hash until it is acknowledged."""
    queues = ("default", "default.DQ", "live", "live.DQ")
    return sum(_count(at.redis.hlen(f"dramatiq:{queue}.msgs")) for queue in queues)


def _rq_open(at: Project) -> int:
    """What waits, what is under way and what waits to be tried again."""
    waiting = sum(_count(at.redis.llen(f"rq:queue:{queue}")) for queue in ("default", "live"))
    registries = [
        f"rq:{name}:{queue}" for name in ("wip", "scheduled") for queue in ("default", "live")
    ]
    return waiting + sum(_count(at.redis.zcard(key)) for key in registries)


def _count(found: object) -> int:
    return int(cast("int", found))


PEERS: Final = (
    Peer("rollbook", "Rollbook", "as `rollbook up` starts it", ours.running),
    Peer(
        "celery",
        "Celery",
        "two workers with `rate_limit` 5/s each, a third for urgent tasks; `autoretry_for` with "
        "backoff and jitter, 10 retries",
        celery,
    ),
    Peer(
        "dramatiq",
        "Dramatiq",
        "`WindowRateLimiter(limit=100, window=10)`, 2 processes of 8 threads, retries without end "
        "after 1 to 10 s; urgent messages have a queue and a priority",
        dramatiq,
        needs="dramatiq",
    ),
    Peer(
        "rq",
        "RQ",
        "a textbook bucket (100, 10 a second) in Redis, 8 workers, 10 retries 10 s apart; the "
        "urgent queue goes first",
        rq,
        needs="rq",
    ),
    Peer(
        "sdk",
        "SDK loop",
        "the CRM's own SDK, one call after the other, 10 s of waiting after a 429; urgent rows by "
        "a process that calls at once",
        sdk,
        needs="highlevel",
    ),
    Peer(
        "textbook",
        "Textbook",
        "Rollbook with that bucket in place of its limiter",
        partial(ours.running, module=ours.TEXTBOOK),
    ),
)

BY_NAME: Final[Mapping[str, Peer]] = {peer.name: peer for peer in PEERS}
