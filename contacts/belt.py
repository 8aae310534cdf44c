"""The names and rules of the belt between dispatcher and workers: Celery's settings as data.

Producers and workers never import each other; they meet in these names. Nothing here imports
Celery: both ends hand this dictionary to their own application object.
"""

from __future__ import annotations

from typing import Any, Final

from contacts.jobs import LANES
from contacts.redis_client import read, sentinel_options

QUEUES: Final[tuple[str, ...]] = tuple(lane.value for lane in LANES)
"""One queue a lane: ``live``, ``bulk``, ``sweep``. Redis costs 4 ms a task at 1,000 queues."""

TICK_RECLAIM: Final = "clock.reclaim"
TICK_PRUNE: Final = "clock.prune"
TICK_HEARTBEAT: Final = "clock.heartbeat"
TICK_NIGHT: Final = "clock.night"
TICK_SCAN: Final = "clock.scan"
TICK_RENEW: Final = "clock.renew"

VISIBILITY_S: Final = 120
"""Redis gives an unacknowledged message to another worker after this long. The ledger's lease is
shorter, so such a message finds its job released to somebody else, and stops."""

WAKE_KEY: Final = "rollbook:wake"
"""A Redis list of at most one element: pushing to it wakes the dispatcher."""

LIMITS: Final = "rollbook:limit"
"""Before the limiter's keys in Redis."""


def pause_key(location: str) -> str:
    """The Redis hash of a location's pause: ``all`` and ``bulk`` are until when, ms since the epoch
    on Redis's clock, ``all:why`` and ``bulk:why`` say why. Every worker asks it before a call."""
    return f"{LIMITS}:{{{location}}}:pause"


def celery_settings(*, redis_url: str, threads: int) -> dict[str, Any]:
    """The configuration of both Celery applications (dict of Celery's lower-case names).

    Args:
        redis_url: broker.
        threads: size of a worker's pool; bounds the connections to Redis.

    Raises:
        UsageError: the address cannot be read, or names a file that is not there.
    """
    address = read(redis_url)
    watched: dict[str, Any] = {}
    if address.master:
        watched = {"master_name": address.master, "sentinel_kwargs": sentinel_options(address)}
    return {
        "broker_url": address.broker_url,
        "broker_use_ssl": address.tls or False,
        "broker_transport": f"contacts.channel:{'Sentinel' if watched else ''}Transport",
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 5,
            "queue_order_strategy": "priority",
            "priority_steps": [0],
            "max_connections": threads + 50,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
        }
        | watched,
        "task_default_queue": "sweep",
        "task_create_missing_queues": True,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "result_backend": None,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "task_send_sent_event": False,
        "worker_send_task_events": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "enable_utc": True,
        "timezone": "UTC",
    }
