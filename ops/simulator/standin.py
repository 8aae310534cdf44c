"""The stand-in itself: from a request to its answer, without a socket in sight."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import orjson

from ops.simulator import access, routes
from ops.simulator.buckets import Bucket, Headers, retry_after
from ops.simulator.calls import Call
from ops.simulator.config import Config, Limits, Token
from ops.simulator.coursehost import School
from ops.simulator.faults import Fault, Faults
from ops.simulator.latency import delays
from ops.simulator.oauth_watch import Watch
from ops.simulator.postman import Postman
from ops.simulator.refusals import Refusal, no_route
from ops.simulator.report import UNANSWERED, Line, Log
from ops.simulator.routes import Route
from ops.simulator.world import World

JSON: Final = (b"content-type", b"application/json; charset=utf-8")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
PAGE: Final = b"<!DOCTYPE html><html><body><h1>%d</h1><p>Please try again.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as its head tells.

    Attributes:
        route: None if the path is no call.
        token: None if it is none.
        port: of the client, to tell connections apart.
        kind: the body's content type; empty if none was sent.
    """

    method: str
    path: str
    query: str
    version: str | None
    secret: str
    port: int
    route: Route | None
    id: str
    token: Token | None
    line: Line
    thing: str = ""
    kind: str = ""

    @property
    def operation(self) -> str:
        return self.route.operation if self.route else routes.OTHER


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``broken`` tells whether none of it is sent (then its status is 0), or half."""

    status: int
    headers: Headers
    body: bytes
    broken: Literal["silent", "half"] | None = None


class StandIn:
    """The CRM's API over a world, with limits and faults."""

    def __init__(self, config: Config, world: World | None = None) -> None:
        self.world = world or World(config)
        self.faults = Faults(config.faults, self.world.random)
        self.log = Log()
        self.postman = Postman(self.world)
        self.watch = Watch(self.world.grants)
        self.school = School(
            lambda: self.world.config.coursehost, self.world.clock, self.world.random
        )
        self._lines: dict[tuple[str, str], Line] = {}
        self._late: list[tuple[float, int, Asked, bytes]] = []
        self._numbers = count()

    def told(self, config: Config) -> None:
        """Take other switches; faults that were added since stay, unless faults are named."""
        old = self.world.config
        self.world.told(config)
        if config.faults != old.faults:
            self.faults = Faults(config.faults, self.world.random)
        now = self.world.clock()
        for line in self._lines.values():
            line.told(self._limits(line.location), now)

    def forget(self, *, contacts: bool = True) -> None:
        """Empty the log and the limits' counts, and the CRM with them."""
        self.log = Log()
        self.watch = Watch(self.world.grants)
        self._lines = {}
        self._late = []
        if contacts:
            self.world.forget()
            self.school.forget()

    async def stop(self) -> None:
        """Let go of what is on its way out."""
        await self.postman.stop()
        await self.school.stop()

    def lines(self, location: str | None = None) -> list[Line]:
        """The clients and locations that called, all or those of one location."""
        return [one for one in self._lines.values() if location in (None, one.location)]

    def line(self, client: str, location: str) -> Line:
        """The limit and counts of a client at a location."""
        found = self._lines.get((client, location))
        if found is None:
            world = self.world
            bucket = Bucket(self._limits(location), random=world.random, now=world.clock())
            found = self._lines[client, location] = Line(client, location, bucket)
        return found

    def _limits(self, location: str) -> Limits:
        known = self.world.locations.get(location)
        return (known.limits if known else None) or self.world.config.limits

    def asked(
        self, method: str, path: str, query: str, headers: list[tuple[bytes, bytes]], port: int
    ) -> Asked:
        """Read the head of a request."""
        found = dict(headers)
        secret = access.secret(found.get(b"authorization", b"").decode("latin-1"))
        version = found.get(b"version")
        token = self.world.tokens.get(secret) or self.world.grants.token(secret)
        route, id, thing = routes.find(method, path) or (None, "", "")
        client = (token.client or token.token) if token else "?"
        if route is not None and route.open:
            client, token = "oauth", None
        return Asked(
            method, path, query,
            version.decode("latin-1") if version is not None else None,
            secret, port, route, id, token,
            self.line(client, (token.location if token else None) or ""), thing,
            found.get(b"content-type", b"").decode("latin-1").lower(),
        )  # fmt: skip

    def delays(self) -> tuple[float, float]:
        """Seconds on the way there and back."""
        return delays(self.world.config.latency, self.world.random, self.world.clock())

    def serve(self, asked: Asked, body: bytes, fault: Fault | None) -> Reply:
        """The request has arrived: count it, do it, answer it."""
        self.catch_up()
        now = self.world.clock()
        line = asked.line
        counted = asked.route is None or not asked.route.open
        accepted = not counted or line.bucket.arrive(now)
        if counted:
            line.arrived.add(now)
        if fault is not None and fault.before:
            reply = self._struck(fault, asked, now)
            if fault.late and accepted:
                due = now + self.world.random.uniform(0.5, 1) * fault.late_ms / 1000
                heapq.heappush(self._late, (due, next(self._numbers), asked, body))
        else:
            reply = self._done(asked, body, accepted, now)
            if fault is not None:
                reply = self._struck(fault, asked, now, reply)
        if counted and accepted and reply.status != 429:
            line.accepted.add(now)
        if fault is not None:
            line.faults[fault.kind] += 1
        self.log.note(now, line, asked.operation, reply.status, asked.port)
        return reply

    def catch_up(self) -> None:
        """Do what a fault made late and is due: at the next call, or look from the other side."""
        while self._late and self._late[0][0] <= self.world.clock():
            due, _, asked, body = heapq.heappop(self._late)
            self._done(asked, body, True, due)

    def _done(self, asked: Asked, body: bytes, accepted: bool, now: float) -> Reply:
        try:
            status, document = self._through_the_gates(asked, body, accepted)
        except Refusal as refusal:
            if refusal.status == 429:
                return self._too_many(asked.line.bucket, now)
            status, document = refusal.status, refusal.body()
        else:
            if asked.route and asked.route.unscoped:
                self._count_each(asked.line, document, now)
        return self._json(status, document, asked.line.bucket.headers(now))

    def _count_each(self, line: Line, document: dict[str, Any], now: float) -> None:
        """Count a bulk call once for each of its ids, where the switch says so."""
        if self.world.config.quirks.bulk_counts == "each":
            for _ in (document.get("responses") or document.get("ids") or [])[1:]:
                line.bucket.arrive(now)

    def _through_the_gates(
        self, asked: Asked, body: bytes, accepted: bool
    ) -> tuple[int, dict[str, Any]]:
        route, token = asked.route, asked.token
        free = route is not None and route.open
        version = "" if free and asked.version is None else access.version(asked.version)
        if route is None or not self._there(route, version, asked.path):
            raise no_route(asked.method, asked.path)
        if free:
            token = access.NOBODY
        if token is None:
            raise access.refuse_unknown(asked.secret)
        if self.world.grants.over(asked.secret):
            raise access.refuse_expired(self.world.config.oauth.expired_says)
        if not accepted:
            raise Refusal(429, "")
        if not free and not self._unscoped(route, token):
            access.check_scope(token, route.scope, agency=route.agency)
        query = dict(parse_qsl(asked.query, keep_blank_values=True))
        call = Call(self.world, token, version, asked.id, query, body, asked.thing, asked.kind)
        self.world.by_call = True
        try:
            return route.deed(call)
        finally:
            self.world.by_call = False

    def _there(self, route: Route, version: str, path: str) -> bool:
        quirks = self.world.config.quirks
        if quirks.last_slash == "exact" and path.endswith("/") != route.operation.endswith("/"):
            return False
        if version == "v3":
            return not route.old or quirks.v3_keeps_old_paths
        return not route.v3

    def _unscoped(self, route: Route, token: Token) -> bool:
        """Whether a location's token needs no scope for this."""
        free = route.unscoped and not self.world.config.quirks.bulk_needs_scope
        return free and token.kind.endswith("-location")

    def _json(self, status: int, document: dict[str, Any], headers: Headers) -> Reply:
        document["traceId"] = self.world.new_trace()
        return Reply(status, [JSON, *headers], orjson.dumps(document))

    def _too_many(self, bucket: Bucket, now: float, more: Headers | None = None) -> Reply:
        limits = bucket.limits
        headers = bucket.headers(now) + (bucket.retry_after(now) if more is None else more)
        if limits.body == "json":
            return self._json(429, {"statusCode": 429, "message": limits.message}, headers)
        kind = HTML if limits.body == "html" else TEXT
        return Reply(429, [kind, *headers], limits.message.encode())

    def _struck(self, fault: Fault, asked: Asked, now: float, reply: Reply | None = None) -> Reply:
        """What is left of an answer; without one, nothing was done."""
        bucket = asked.line.bucket
        wait = fault.retry_after_s
        more = [] if wait is None else retry_after(wait, now)
        match fault.kind:
            case "too-many":
                return self._too_many(bucket, now, more)
            case "html":
                return Reply(fault.status, [HTML, *more], PAGE % fault.status)
            case "drop":
                return Reply(UNANSWERED, [], b"", "silent")
            case "error":
                document = {"statusCode": fault.status, "message": fault.message}
                return self._json(fault.status, document, bucket.headers(now) + more)
        assert reply is not None  # a stall or half an answer: the work was done
        if fault.kind == "stall":
            return reply
        return Reply(reply.status, reply.headers, reply.body, "half")
