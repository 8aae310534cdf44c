"""A stand-in of OnlineCourseHost: two calls in, three hooks out, and what people do there.

Built from two integrators' public notes. How an answer's ``status`` is worded, and what a hook's
body looks like, is not published: both are switches.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson
from pydantic import Field, PositiveInt

from ops.simulator.buckets import Bucket
from ops.simulator.config import CourseHost, Event, Limits, Shape
from ops.simulator.faults import Fault
from ops.simulator.strict import Strict

PREFIX: Final = "/coursehost"

COURSES: Final = "GET /api/zapier-tenant-courses"
PABBLY: Final = "GET /api/pabbly-tenant-courses"
ENROL: Final = "POST /api/zapier-enroll-student-action-webhook"
OPERATIONS: Final = (COURSES, PABBLY, ENROL)


class Deed(Strict):
    """What somebody does there: makes an account, buys a course, signs up for the newsletter."""

    event: Event
    email: str
    course: str | None = None
    source: str = "stripe"
    times: PositiveInt = 1
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(slots=True)
class Student:
    """An account."""

    email: str
    name: str = ""
    passwords: list[str] = field(default_factory=list)
    courses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON of an answer."""

    status: int
    document: Any


class School:
    """What the stand-in remembers.

    Args:
        told: the switches as they are now.
        clock: seconds since the epoch.
    """

    def __init__(
        self, told: Callable[[], CourseHost], clock: Callable[[], float], random: Random
    ) -> None:
        self._told = told
        self._clock = clock
        self._random = random
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.forget()

    def forget(self) -> None:
        """Nobody was ever here."""
        self.students: dict[str, Student] = {}
        self.counts: Counter[str] = Counter()
        self._bucket: Bucket | None = None
        self._limit = 0

    # ------------------------------------------------------------ the API

    def serve(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, fault: Fault | None
    ) -> Reply:
        """A call has arrived: count it, do it, answer it."""
        operation = f"{method} {path}"
        self.counts[f"call {operation}"] += 1
        if fault is not None and fault.before:
            return self._answered(_struck(fault))
        reply = self._done(operation, headers, body)
        if fault is not None and fault.kind == "error":
            reply = _struck(fault)
        return self._answered(reply)

    def _answered(self, reply: Reply) -> Reply:
        self.counts[f"status {reply.status}"] += 1
        return reply

    def _done(self, operation: str, headers: Mapping[str, str], body: bytes) -> Reply:
        told = self._told()
        if not self._bucket_now(told).arrive(self._clock()):
            return Reply(429, {"message": "Too many requests"})
        if headers.get("x-integration-token") != told.token:
            return Reply(401, {"message": "Unauthorized"})
        if operation in (COURSES, PABBLY):
            return Reply(200, [{"id": one.id, "course": one.title} for one in told.courses])
        if operation != ENROL:
            return Reply(404, {"message": "Not found"})
        return self._enrol(told, body)

    def _bucket_now(self, told: CourseHost) -> Bucket:
        if self._bucket is None or self._limit != told.per_minute:
            limits = Limits(per_window=told.per_minute, window_s=60.0)
            self._bucket = Bucket(limits, random=self._random, now=self._clock())
            self._limit = told.per_minute
        return self._bucket

    def _enrol(self, told: CourseHost, body: bytes) -> Reply:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Reply(400, {"status": "error", "message": "invalid JSON"})
        missing = [
            name
            for name in ("email", "courseId", "password")
            if not isinstance(found, dict) or not str(found.get(name) or "")
        ]
        if missing:
            return Reply(400, {"status": "error", "message": f"{missing[0]} is required"})
        if found["courseId"] not in {one.id for one in told.courses}:
            return Reply(200, {"status": "error", "message": "course not found"})
        fresh = self._admit(
            found["email"], found["courseId"], str(found.get("name") or ""), found["password"]
        )
        if not fresh and told.repeat == "conflict":
            return Reply(409, {"status": "error", "message": "already enrolled"})
        if fresh and told.echo:
            self._tell(Deed(event="enrolment", email=found["email"], course=found["courseId"],
                            source="zapier"))  # fmt: skip
        return Reply(200, {"status": told.says} if told.says is not None else {"ok": 1})

    def _admit(self, email: str, course: str, name: str = "", password: str = "") -> bool:
        """Somebody is in a course; returns whether that is new."""
        student = self.students.setdefault(email.casefold(), Student(email, name))
        if password:
            student.passwords.append(password)
        if course in student.courses:
            self.counts["repeated"] += 1
            return False
        student.courses.append(course)
        return True

    # ------------------------------------------------------------ people and hooks

    def happens(self, deed: Deed) -> int:
        """Somebody does something there; its hooks are sent. Returns how many."""
        known = deed.email.casefold() in self.students
        if deed.event == "newsletter":
            return self._tell(deed)
        sent = 0
        if not known:
            self.students[deed.email.casefold()] = Student(deed.email)
            sent += self._tell(Deed(event="account", email=deed.email))
        if deed.event == "enrolment":
            self._admit(deed.email, deed.course or self._told().courses[0].id)
            sent += self._tell(deed)
        return sent

    def _tell(self, deed: Deed) -> int:
        url = self._told().hooks.get(deed.event)
        if url is None:
            return 0
        for _ in range(deed.times):
            task = asyncio.get_running_loop().create_task(self._deliver(url, deed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return deed.times

    def values(self, deed: Deed) -> dict[str, Any]:
        """What a hook says of an event."""
        found: dict[str, Any] = {"email": deed.email}
        if deed.event == "enrolment":
            course = deed.course or self._told().courses[0].id
            titles = {one.id: one.title for one in self._told().courses}
            found |= {"courseId": course, "courseTitle": titles.get(course, course)}
            found["source"] = deed.source
        return found | deed.more

    async def _deliver(self, url: str, deed: Deed) -> None:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        body, kind = shaped(self.values(deed), self._told().shape)
        for attempt in range(6):
            status = 0
            try:
                answer = await self._client.post(url, content=body, headers={"content-type": kind})
                status = answer.status_code
            except httpx.HTTPError:
                pass
            self.counts[f"hook {status}"] += 1
            if 200 <= status < 300:
                return
            await asyncio.sleep(0.2 * (attempt + 1))
        self.counts["hook given up"] += 1

    async def stop(self) -> None:
        """Let go of what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def report(self) -> dict[str, Any]:
        """Who is there, and counts."""
        return {
            "students": [
                {
                    "email": one.email,
                    "name": one.name,
                    "courses": one.courses,
                    "passwords": len(set(one.passwords)),
                    "shortest": min(map(len, one.passwords), default=0),
                }
                for one in self.students.values()
            ],
            "under_way": len(self._tasks),
            "counts": dict(sorted(self.counts.items())),
        }


def shaped(values: dict[str, Any], shape: Shape) -> tuple[bytes, str]:
    """The body of a hook, and its content type."""
    if shape == "form":
        return urlencode(values).encode(), "application/x-www-form-urlencoded"
    nested = {name: value for name, value in values.items() if name != "email"}
    document: Any = {
        "flat": values,
        "data": {"data": values, "zap": {"id": 7}},
        "payload": {"payload": values},
        "list": [values],
        "nested": {"user": {"email": values["email"]}, **nested},
        "text": {"body": orjson.dumps(values).decode()},
    }[shape]
    return orjson.dumps(document), "application/json"


def _struck(fault: Fault) -> Reply:
    if fault.kind == "too-many":
        return Reply(429, {"message": "Too many requests"})
    return Reply(fault.status, {"message": fault.message})
