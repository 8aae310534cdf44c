"""Sends the webhooks: signed, late, twice, out of order or not at all, and again when refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any, Final

import httpx
import orjson

from ops.simulator import shapes, webhooks
from ops.simulator.breaker import Breaker
from ops.simulator.config import BadConfig
from ops.simulator.retries import wait_s
from ops.simulator.seals import Seals
from ops.simulator.world import Contact, World

APP = {"appId": "66a0419a0dffa47fb5f8b22f", "versionId": "66a0419a0dffa47fb5f8b22f"}

LOGGED: Final = 10_000
"""Webhooks in the log; the real one has those of 30 days."""


class Postman:
    """What happens in a world is told to the address in its config.

    Every delay is drawn anew, so webhooks overtake each other as soon as there is one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.seals = Seals()
        self.breaker = Breaker()
        self.counts: Counter[str] = Counter()
        self._log: dict[str, webhooks.Payload] = {}
        world.listeners.append(self.changed)

    @property
    def under_way(self) -> int:
        """Webhooks that are not delivered and not given up."""
        return len(self._tasks)

    def changed(self, old: Contact | None, new: Contact) -> None:
        """A contact changed: send what that causes."""
        config = self._world.config.webhooks
        if config.url is None or not config.events:
            return
        if self._world.by_call and not config.own_changes:
            return
        quirks = self._world.config.quirks
        self.send(webhooks.caused(old, new, quirks, config.update_fields))

    def send(self, payloads: Iterable[webhooks.Payload], *, plain: bool = False) -> None:
        """Send webhooks, each by a task of its own.

        Args:
            plain: as a workflow's own action does it: no time, no ids, no signature, no retry.
        """
        config, random = self._world.config.webhooks, self._world.random
        for payload in payloads:
            self.counts["made"] += 1
            told = payload if plain else self._logged(self.stamped(payload))
            if self.breaker.paused(config, self._world.clock()):
                self.counts["paused"] += 1
                continue
            if random.random() < config.drop_chance:
                self.counts["dropped"] += 1
                continue
            for _ in range(2 if random.random() < config.double_chance else 1):
                late = random.uniform(config.low_ms, config.high_ms) / 1000
                deed = self._throw(told, late) if plain else self._deliver(told, late)
                self._go(deed)

    def resend(self, id: str) -> None:
        """Send a webhook of the log once more, as a person does; with the id that it had.

        Raises:
            BadConfig: it is not in the log.
        """
        if id not in self._log:
            raise BadConfig(f"webhook: there is no webhook {id} in the log")
        self._go(self._deliver(self._log[id], 0.0))

    def _go(self, deed: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(deed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _logged(self, told: webhooks.Payload) -> webhooks.Payload:
        """Keep it for whoever wants it sent again."""
        if "webhookId" in told:
            self._log[told["webhookId"]] = told
            if len(self._log) > LOGGED:
                del self._log[next(iter(self._log))]
        return told

    def stamped(self, payload: webhooks.Payload) -> webhooks.Payload:
        """A webhook as it is sent: with its time and ids, without what is left out."""
        now = shapes.instant(self._world.now_ms())
        added = {"timestamp": now, "webhookId": self._world.new_trace()}
        whole = {**payload, **APP, **payload, **added}
        omits = self._world.config.webhooks.omits
        kind = payload.get("type")
        left = {name for name in whole if name in omits or f"{kind}.{name}" in omits}
        return {name: value for name, value in whole.items() if name not in left}

    async def _deliver(self, told: webhooks.Payload, late: float) -> None:
        config = self._world.config.webhooks
        delivery = self._world.new_trace()
        await asyncio.sleep(late)
        attempt = 0
        while True:
            status = await self._post(orjson.dumps(told), delivery)
            self.counts[str(status)] += 1
            wait = wait_s(config, status, attempt, self._world.random)
            if wait is None:
                break
            attempt += 1
            await asyncio.sleep(wait)
            if config.new_id_on_retry and "webhookId" in told:
                told = {**told, "webhookId": self._world.new_trace()}
        good = 200 <= status < 300
        self.breaker.ended(good=good)
        if not good:
            self.counts["given up"] += 1

    async def _throw(self, told: webhooks.Payload, late: float) -> None:
        await asyncio.sleep(late)
        headers = {"content-type": "application/json", "user-agent": "axios/0.21.4"}
        self.counts[str(await self._sent(orjson.dumps(told), headers))] += 1

    async def _post(self, body: bytes, delivery: str) -> int:
        config = self._world.config.webhooks
        headers = {"content-type": "application/json"}
        headers |= self.seals.headers(body, config.signature)
        if config.delivery_header:
            headers[config.delivery_header] = delivery
        return await self._sent(body, headers)

    async def _sent(self, body: bytes, headers: dict[str, str]) -> int:
        """The status; 0: no answer."""
        config = self._world.config.webhooks
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False)
        try:
            answer = await self._client.post(
                str(config.url), content=body, headers=headers, timeout=config.timeout_s
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
        """Counts: made, dropped, paused, given up, and attempts by status of the answer."""
        return {"under_way": self.under_way, **dict(sorted(self.counts.items()))}
