"""The OAuth server without a socket, what goes wrong on the way to it, and the judge of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from contacts.errors import CrmUnavailable, NotYet
from contacts.store.database import DatabaseDown, Store, Tx
from ops.simulator.standin import StandIn
from worker.crm.answers import Answer, document, failure
from worker.crm.oauth import App, OAuth
from worker.crm.oauth_answers import refused
from worker.crm.shapes import Call, JsonObject
from worker.crm.transport import Errand

AGENCY: Final = "comp_simulator"


class Killed(BaseException):
    """kill -9, as far as one thread can be killed: nothing of ours may catch it."""


@dataclass(slots=True)
class Mishaps:
    """What goes wrong, by chance, while a worker is at work. One for each worker."""

    random: Random
    counts: Counter[str]
    on: bool = False
    step: int = 0
    answered: list[str] = field(default_factory=list)

    def strikes(self, what: str, chance: float) -> bool:
        """Whether it goes wrong now; counted."""
        hit = self.on and self.random.random() < chance
        if hit:
            self.counts[what] += 1
        return hit

    def kill(self, where: str, chance: float = 0.02) -> None:
        """Die here, perhaps."""
        if self.strikes(f"killed {where}", chance):
            raise Killed(where)


STEPS: Final = ("the claim", "the lease", "the pair is kept", "the job is done")


class Mortal(Store):
    """A store whose worker dies at its commits, and whose database goes away."""

    mishaps: Mishaps

    @contextmanager
    def write(self) -> Iterator[Tx]:
        mishaps = self.mishaps
        name = STEPS[mishaps.step] if mishaps.step < len(STEPS) else "a later commit"
        mishaps.step += mishaps.on
        if mishaps.strikes("database away before a commit", 0.01):
            raise DatabaseDown("OperationalError")
        with super().write() as tx:
            yield tx
            mishaps.kill(f"before {name}")
        mishaps.kill(f"after {name}")
        if mishaps.strikes("database away after a commit", 0.01):
            raise DatabaseDown("OperationalError")


@dataclass(slots=True)
class Judge:
    """Counts what must not happen.

    Attributes:
        durable: whether an access token of the agency is in the database, as a third party sees.
    """

    standin: StandIn
    durable: Callable[[str], bool]
    counts: Counter[str]
    calls: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    flights: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def flight(self, owner: str, refresh: str | None, bearer: str | None) -> Iterator[None]:
        """A call for somebody's tokens is on its way."""
        if bearer is not None and not self.durable(bearer):
            self.counts["used before durable"] += 1
        with self.lock:
            self.flights[owner] += 1
            if self.flights[owner] > 1:
                self.counts["two refreshes in flight"] += 1
            if refresh is not None:
                self.calls[refresh] += 1
        try:
            yield
        finally:
            with self.lock:
                self.flights[owner] -= 1

    def needless(self) -> int:
        """Calls with a refresh token whose answer was there and had not been lost."""
        return sum(max(0, n - 1 - self.lost[token]) for token, n in self.calls.items())


class Wire(OAuth):
    """The way to the server of one worker: a call is the stand-in's function."""

    def __init__(
        self, app: App, standin: StandIn, judge: Judge, mishaps: Mishaps, clock: Callable[[], float]
    ) -> None:
        self.app = app
        self.version = "2021-07-28"
        self._standin = standin
        self._judge = judge
        self._mishaps = mishaps
        self._now = clock

    def send(
        self,
        operation: Any,
        request: Mapping[str, Any],
        errand: Errand,
        record: Callable[[Call], None],
    ) -> JsonObject:
        """As :meth:`worker.crm.oauth.OAuth.send`."""
        if errand.not_after is not None and errand.not_after < self._now():
            raise NotYet("no time left", seconds=0.0, code="out-of-time")
        self._mishaps.kill("before the call")
        content = request.get("content", b"")
        given = self._given(request, content)
        refresh = given.get("refresh_token")
        bearer = request.get("headers", {}).get("Authorization")
        with self._judge.flight(
            self._owner(given), refresh, bearer.removeprefix("Bearer ") if bearer else None
        ):
            answer = self._served(operation, request, content)
        self._mishaps.counts[f"calls {operation.name}"] += 1
        lost = self._mishaps.strikes("answers lost", 0.03)
        record(Call(self._now(), "oauth", operation.name, 0 if lost else answer.status, 1.0, None))
        if refresh is not None and lost:
            with self._judge.lock:
                self._judge.lost[refresh] += 1
        elif refresh is not None:
            self._mishaps.answered.append(refresh)
        self._mishaps.kill("after the call")
        if lost:
            raise CrmUnavailable("the answer was lost", code="no-answer", doubtful=True)
        if 200 <= answer.status < 300:
            return document(operation, answer.body)
        raise refused(operation, answer) or failure(operation, answer, now=self._now())

    def _served(self, operation: Any, request: Mapping[str, Any], content: bytes) -> Answer:
        headers = [(b"version", self.version.encode())] + [
            (name.lower().encode(), value.encode())
            for name, value in request.get("headers", {}).items()
        ]
        query = "&".join(f"{name}={value}" for name, value in request.get("query", {}).items())
        path = operation.path_in(self.version)
        time.sleep(0)  # lets another thread in between
        with self._judge.lock:
            asked = self._standin.asked(operation.method, path, query, headers, 1)
            reply = self._standin.serve(asked, content, None)
        time.sleep(self._mishaps.random.random() / 1000)
        return Answer(reply.status, {}, reply.body)

    def _given(self, request: Mapping[str, Any], content: bytes) -> dict[str, str]:
        if request.get("headers", {}).get("Content-Type") == "application/json":
            return dict(orjson.loads(content))
        return dict(parse_qsl(content.decode()))

    def _owner(self, given: dict[str, str]) -> str:
        """Whose tokens a call is about."""
        granted = self._standin.world.grants
        holder = granted.holder(given.get("refresh_token", ""))
        if "code" in given and (code := granted.code(given["code"])):
            holder = code.holder
        if holder is not None:
            return holder.location or AGENCY
        return given.get("locationId") or given.get("companyId") or "the list"
