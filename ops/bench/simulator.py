"""How many calls a second the CRM's stand-in takes: ``python -m ops.bench.simulator``.

The stand-in runs in a process of its own and this one loads it over loopback, with 32 connections
that are kept. So on two free cores the figure is that of one core; per second of its own CPU it
is the same on a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import uvloop

from ops.simulator import control

SECONDS: Final = 5.0
CONNECTIONS: Final = 32
TOKEN: Final = "pit-bench"
WORLD: Final[dict[str, Any]] = {
    "locations": [{"id": "loc1", "custom_fields": [{"id": "cf1", "key": "contact.level"}]}],
    "tokens": [
        {"token": TOKEN, "location": "loc1", "scopes": ["contacts.readonly", "contacts.write"]}
    ],
    # The windows are counted as always, only nobody is refused.
    "limits": {"per_window": 10_000_000, "per_day": 100_000_000},
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Calls a second, by the wall and by the stand-in's own CPU."""

    what: str
    per_second: float
    per_cpu_second: float


def upsert(number: int) -> bytes:
    """An upsert of somebody new, as a backfill makes it: the dearest call there is."""
    body = {
        "locationId": "loc1",
        "name": "Ada Lovelace",
        "email": f"student{number}@example.org",
        "phone": f"+1202{2_000_000 + number % 8_000_000}",
        "customFields": [{"id": "cf1", "field_value": "beginner"}],
    }
    return _request("POST /contacts/upsert", orjson.dumps(body))


def read(number: int) -> bytes:
    """A read of somebody who is not there: what a call costs at least."""
    return _request(f"GET /contacts/nobody{number}", b"")


def _request(line: str, body: bytes) -> bytes:
    head = (
        f"{line} HTTP/1.1\r\nHost: crm\r\nVersion: 2021-07-28\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(url: str, make: Callable[[int], bytes], seconds: float) -> int:
    """Ask as fast as it answers; returns how many answers came.

    Raises:
        RuntimeError: an answer was none of those that are wanted.
    """
    end = time.monotonic() + seconds
    counts = [0] * CONNECTIONS
    host, port = url.removeprefix("http://").split(":")

    async def one(at: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.monotonic() < end:
            writer.write(make(at + counts[at] * CONNECTIONS))
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            if head[9:12] not in (b"200", b"400"):
                raise RuntimeError(head.decode("latin-1"))
            counts[at] += 1
        writer.close()

    await asyncio.gather(*(one(at) for at in range(CONNECTIONS)))
    return sum(counts)


def measure(seconds: float = SECONDS) -> list[Figure]:
    """Load a fresh stand-in with each kind of call."""
    return [_measured(what, make, seconds) for what, make in (("reads", read), ("upserts", upsert))]


def _measured(what: str, make: Callable[[int], bytes], seconds: float) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        before = os.times()
        with control.in_process(WORLD, Path(folder)) as one:
            began = time.monotonic()
            calls = uvloop.run(load(one.url, make, seconds))
            took = time.monotonic() - began
        after = os.times()
    # With what its start costs, some 0.5 s: the children's CPU is known only after their end.
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Figure(what, calls / took, calls / cpu)


def main() -> int:
    """Print the figures."""
    for one in measure():
        print(f"{one.what}: {one.per_second:,.0f} a second, {one.per_cpu_second:,.0f} a CPU second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
