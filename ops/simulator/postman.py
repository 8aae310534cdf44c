"""Sends the webhooks: signed, late, twice, out of order or not at all, and again when refused."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ops.simulator import shapes, webhooks
from ops.simulator.world import Contact, World

APP = {"appId": "66a0419a0dffa47fb5f8b22f", "versionId": "66a0419a0dffa47fb5f8b22f"}


class Postman:
    """What happens in a world is told to the address in its config.

    Every delay is drawn anew, so webhooks overtake each other as soon as there is one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = Ed25519PrivateKey.generate()
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()
        world.listeners.append(self.changed)

    @property
    def public_key(self) -> str:
        """The PEM by which a receiver knows us."""
        return (
            self._key.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    @property
    def under_way(self) -> int:
        """Webhooks that are not delivered and not given up."""
        return len(self._tasks)

    def changed(self, old: Contact | None, new: Contact) -> None:
        """A contact changed: send what that causes."""
        config = self._world.config.webhooks
        if config.url is not None and config.events:
            self.send(webhooks.caused(old, new, self._world.config.quirks))

    def send(self, payloads: Iterable[webhooks.Payload]) -> None:
        """Send webhooks, each by a task of its own."""
        config, random = self._world.config.webhooks, self._world.random
        for payload in payloads:
            told = self.stamped(payload)
            self.counts["made"] += 1
            if random.random() < config.drop_chance:
                self.counts["dropped"] += 1
                continue
            for _ in range(2 if random.random() < config.double_chance else 1):
                late = random.uniform(config.low_ms, config.high_ms) / 1000
                task = asyncio.get_running_loop().create_task(self._deliver(told, late))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def stamped(self, payload: webhooks.Payload) -> bytes:
        """The body of a webhook: with its time and ids, as compact JSON."""
        now = shapes.instant(self._world.now_ms())
        return orjson.dumps(
            {**payload, **APP, **payload, "timestamp": now, "webhookId": self._world.new_trace()}
        )

    def signature(self, body: bytes) -> str:
        """What the header ``X-GHL-Signature`` holds."""
        return base64.b64encode(self._key.sign(body)).decode()

    async def _deliver(self, body: bytes, late: float) -> None:
        config = self._world.config.webhooks
        headers = {"content-type": "application/json", "x-ghl-signature": self.signature(body)}
        await asyncio.sleep(late)
        for attempt in range(config.retries + 1):
            status = await self._post(body, headers)
            self.counts[str(status)] += 1
            if 200 <= status < 300:
                return
            if attempt < config.retries:
                await asyncio.sleep(config.retry_ms / 1000)
        self.counts["given up"] += 1

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status; 0: no answer."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        try:
            answer = await self._client.post(
                str(self._world.config.webhooks.url), content=body, headers=headers
            )
        except httpx.HTTPError:
            return 0
        return answer.status_code

    async def stop(self) -> None:
        """Let go of what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def report(self) -> dict[str, Any]:
        """Counts: made, dropped, given up, and attempts by status of the answer."""
        return {"under_way": self.under_way, **dict(sorted(self.counts.items()))}
