"""Webhooks posted at a steady rate, whatever the answers: the time of each is from when it was due.

A sender that waits for its answers before it goes on hides exactly the waits that matter. The
requests are made and signed beforehand, so that this process costs little beside the receiver.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONNECTIONS: Final = 64
"""Kept open; at 800 a second and 50 ms each, 40 are in use at once."""

ANSWER_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook, ready to be sent."""

    webhook: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one: its status (0: none came) and the seconds from when it was due."""

    webhook: str
    status: int
    seconds: float


def prepare(
    count: int, *, location: str, key: Ed25519PrivateKey, host: str, contacts: int
) -> list[Post]:
    """So many different events of so many contacts, signed.

    Args:
        host: for the header of that name.
    """
    return [_prepare(n, location, key, host, f"contact{n % contacts:07}") for n in range(count)]


def _prepare(n: int, location: str, key: Ed25519PrivateKey, host: str, contact: str) -> Post:
    webhook = f"proof-{n:08}"
    body = orjson.dumps(
        {
            "type": "ContactUpdate",
            "locationId": location,
            "id": contact,
            "firstName": "Somebody",
            "lastName": f"Number {n}",
            "email": f"{contact}@example.org",
            "phone": f"+1202555{n % 10_000:04}",
            "tags": ["student", "course: watercolour"],
            "customFields": [{"id": "cfLevel00000000000001", "value": "beginner"}],
            "timestamp": "2026-11-25T03:04:05.678Z",
            "webhookId": webhook,
        }
    )
    head = (
        f"POST /webhooks/crm HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-GHL-Signature: "
        f"{base64.b64encode(key.sign(body)).decode()}\r\n\r\n"
    )
    return Post(webhook, head.encode() + body)


async def send(posts: Sequence[Post], *, host: str, port: int, per_second: float) -> list[Answer]:
    """Send them, each at its time; a connection that is closed is opened again."""
    due: asyncio.Queue[tuple[Post, float]] = asyncio.Queue()
    answers: list[Answer] = []
    senders = [asyncio.create_task(_sender(due, answers, host, port)) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for n, post in enumerate(posts):
        at = began + n / per_second
        wait = at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait((post, at))
    await due.join()
    for one in senders:
        one.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    return answers


async def _sender(
    due: asyncio.Queue[tuple[Post, float]], answers: list[Answer], host: str, port: int
) -> None:
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    try:
        while True:
            post, at = await due.get()
            status = 0
            try:
                async with asyncio.timeout(ANSWER_S):
                    streams = streams or await asyncio.open_connection(host, port)
                    status = await _exchange(post.request, *streams)
            except (OSError, ValueError, EOFError, TimeoutError):
                if streams:
                    streams[1].close()
                streams = None
            answers.append(Answer(post.webhook, status, time.perf_counter() - at))
            due.task_done()
    finally:
        if streams:
            streams[1].close()


async def _exchange(
    request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> int:
    """Send one request and read its whole answer.

    Raises:
        EOFError: the connection ended before it.
        ValueError: the answer is none.
    """
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(one for one in lines if one.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(head.split(b" ", 2)[1])
