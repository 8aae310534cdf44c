"""A Redis of our own for a proof: behind a socket file, in a folder that is deleted at the end."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from ops.running.redis_server import find_server

READY_S = 10.0


@contextmanager
def own_redis() -> Iterator[redis.Redis]:
    """A connection to an empty server; both are gone afterwards.

    Raises:
        UsageError: there is no server binary.
        TimeoutError: it does not answer.
    """
    binary = find_server()
    with tempfile.TemporaryDirectory(prefix="rollbook-") as folder:
        path = Path(folder) / "redis.sock"
        process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", path, "--unixsocketperm", "700",
             "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with redis.Redis(unix_socket_path=str(path)) as connection:
                _wait_for(connection)
                yield connection
        finally:
            process.kill()
            process.wait()


def _wait_for(connection: redis.Redis) -> None:
    give_up = time.monotonic() + READY_S
    while True:
        try:
            connection.ping()
            return
        except redis.RedisError as error:
            if time.monotonic() > give_up:
                raise TimeoutError("the Redis of this proof does not answer") from error
            time.sleep(0.02)
