"""The same job with RQ and the textbook's token bucket in Redis.

    python -m ops.bench.peers.rq_project worker       a pool of workers, as `rq worker-pool`
    python -m ops.bench.peers.rq_project send FILE    put a job for each row
    python -m ops.bench.peers.rq_project live         the same for each line of JSON

The job waits in its worker until there is a token; a refused call is tried again by RQ's ``Retry``.
The queue ``live`` goes first. RQ forks a process for each job, as its default worker does: no
connection outlives a job. So the worker is a script that imports and builds everything before it
forks, as the documentation advises, the client (17 ms for TLS alone) included.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

import redis
from rq import Queue, Retry
from rq.worker_pool import WorkerPool

from ops.bench import rival
from ops.bench.peers import rq_job

WORKERS: Final = 8
LIVE, BULK = "live", "default"
RETRY: Final = (10, 10)
"""Tries more, and seconds between them: a window. The documentation's example has three."""


def put(queue: Queue, row: Mapping[str, str]) -> None:
    """Put a job for a row."""
    tries, seconds = RETRY
    queue.enqueue(rq_job.sync, dict(row), retry=Retry(max=tries, interval=seconds), result_ttl=0)


def main() -> int:
    """``python -m ops.bench.peers.rq_project``."""
    command, *rest = sys.argv[1:]
    connection = redis.Redis.from_url(os.environ[rival.BROKER])
    if command == "worker":
        rq_job.prepare(os.environ)
        WorkerPool([LIVE, BULK], connection=connection, num_workers=WORKERS).start(
            logging_level="ERROR"
        )
    elif command == "send":
        queue = Queue(BULK, connection=connection)
        for row in rival.rows(*rest):
            put(queue, row)
    else:
        queue = Queue(LIVE, connection=connection)
        for row in rival.incoming():
            put(queue, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
