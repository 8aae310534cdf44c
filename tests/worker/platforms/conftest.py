"""The schools on which every connector is tried: a table, an API, and OnlineCourseHost.

A harness is a connector with its platform behind it, as real as a test can have it. A new connector
needs one more harness in ``HARNESSES``; the suite is ``test_conformance.py``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import fakeredis
import pytest
import sqlalchemy as sa

from contacts.jobs import Lane
from contacts.platforms import Call, CourseList, Feed, Kind, Platform
from contacts.store.school import School
from worker.coursehost.client import TOKEN, CourseHost
from worker.crm.limiter import Limiter, Limits
from worker.platforms.calls import Calls, Line
from worker.platforms.connector import Connector
from worker.platforms.school_api import SchoolApi
from worker.platforms.school_db import SchoolDb

SECRET = "sesame-open-1234567"
FIELDS = {"email": "email", "first_name": "first", "phone": "phone"}
SIZE = 3


@dataclass
class Harness:
    """One connector and its platform.

    Attributes:
        connector: under test.
        moods: the ways in which the platform can be made to fail: down, busy, closed.
    """

    connector: Connector
    moods: frozenset[str] = frozenset()
    calls: list[tuple[str, int]] = field(default_factory=list)

    def person(self, key: str, updated: float, **values: Any) -> None:
        """Somebody is on the platform, or changes there; by the names of its columns."""
        raise NotImplementedError

    def holds(self, key: str) -> Mapping[str, Any]:
        """What the platform has of somebody, by the names of its columns."""
        raise NotImplementedError

    def course_of(self, email: str) -> list[str]:
        """In which courses somebody is; a course twice where she was enrolled twice."""
        raise NotImplementedError

    def listed(self, name: str) -> set[str]:
        """Whose email or key is on a list."""
        raise NotImplementedError

    def mood(self, mood: str) -> None:
        """Fail from now on."""
        raise NotImplementedError


def _calls() -> Calls:
    limits = Limits(1000, 1000, per_day=1_000_000)
    limiter = Limiter(fakeredis.FakeRedis(), limits=lambda _: limits, life=lambda: "one")
    limiter.vouch()
    return Calls(limiter=limiter, connect_timeout=2, read_timeout=2, sleep=threading.Event().wait)


# ---------------------------------------------------------------- a table


class TableHarness(Harness):
    """A table of a database, SQLite or PostgreSQL."""

    platform = Platform(
        Kind.SQL,
        "",
        fields=FIELDS,
        feed=Feed(key="id", updated="changed_at", size=SIZE, table="students"),
        write_back=("phone",),
        lists={"weekly": "wants_news"},
    )

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)
        meta = sa.MetaData()
        self.table = sa.Table(
            "students", meta,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("email", sa.Text),
            sa.Column("first", sa.Text),
            sa.Column("phone", sa.Text),
            sa.Column("wants_news", sa.Boolean),
            sa.Column("secret_grade", sa.Text, server_default="A"),
            sa.Column("changed_at", sa.DateTime(timezone=True)),
        )  # fmt: skip
        meta.drop_all(self.engine)
        meta.create_all(self.engine)
        self.school = School(url)
        calls: list[tuple[str, int]] = []
        self.line = Line(
            "loc1", Lane.BULK, {}, lambda call: calls.append((call.operation, call.status))
        )
        super().__init__(
            SchoolDb(self.platform, self.school, self.line), frozenset({"down"}), calls
        )

    def person(self, key: str, updated: float, **values: Any) -> None:
        from datetime import UTC, datetime

        row = {**values, "changed_at": datetime.fromtimestamp(updated, UTC)}
        table = self.table
        with self.engine.begin() as connection:
            found = connection.execute(sa.update(table).where(table.c.id == int(key)).values(**row))
            if not found.rowcount:
                connection.execute(sa.insert(table).values(id=int(key), **row))

    def holds(self, key: str) -> Mapping[str, Any]:
        with self.engine.connect() as connection:
            query = sa.select(self.table).where(self.table.c.id == int(key))
            return dict(connection.execute(query).one()._mapping)

    def listed(self, name: str) -> set[str]:
        with self.engine.connect() as connection:
            query = sa.select(self.table.c.email).where(self.table.c.wants_news)
            return set(connection.execute(query).scalars())

    def mood(self, mood: str) -> None:
        self.school.close()
        away = School("sqlite:////nowhere/at/all/x.db")
        self.connector = SchoolDb(self.platform, away, self.line)

    def close(self) -> None:
        self.school.close()
        with self.engine.begin() as connection:
            self.table.drop(connection)
        self.engine.dispose()


# ---------------------------------------------------------------- an API


class Api(BaseHTTPRequestHandler):
    """A school's own API: students since a time, in pages; courses, enrolments, lists."""

    protocol_version = "HTTP/1.1"
    school: ClassVar[ApiHarness]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _do(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        status, found = self.school.answer(
            self.command, self.path, dict(self.headers.items()), body
        )
        raw = json.dumps(found).encode() if found is not None else b""
        self.send_response(status)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do


class ApiHarness(Harness):
    """An API of JSON documents over a real socket."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.enrolled: dict[str, list[str]] = {}
        self.lists: dict[str, set[str]] = {}
        self.state = "well"
        handler = type("OfThisTest", (Api,), {"school": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.out = _calls()
        calls: list[tuple[str, int]] = []
        line = Line(
            "loc1",
            Lane.BULK,
            {"Authorization": f"Bearer {SECRET}"},
            lambda call: calls.append((call.operation, call.status)),
        )
        super().__init__(
            SchoolApi(self.platform(), self.out, line),
            frozenset({"down", "busy", "closed"}),
            calls,
        )

    def platform(self) -> Platform:
        return Platform(
            Kind.HTTP,
            self.url,
            per_minute=60,
            fields={"email": "/email", "first_name": "/profile/first", "phone": "/phone"},
            feed=Feed(
                key="/id", updated="/changed_at", size=SIZE, path="/students", items="/data",
                since="since", page="page", limit="limit", next="/next",
            ),
            write_back=("phone",),
            telling=Call("/students/{key}", "PATCH"),
            courses=CourseList("/courses", "", "/id", "/name"),
            enrol=Call("/enrolments", "POST", {"student": {"email": "{email}", "name": "{name}"},
                                               "course": "{course}", "password": "{password}"}),
            listing=Call("/lists/{list}/{email}", "PUT"),
        )  # fmt: skip

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        """The API itself."""
        if self.state != "well":
            return {"down": 500, "busy": 429, "closed": 401}[self.state], {
                "message": "ada@example.org is not wanted"
            }
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {"message": "who are you"}
        parts = urlsplit(path)
        way = [unquote(one) for one in parts.path.split("/")[2:]]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match (method, *way):
            case ("GET", "students"):
                return 200, self._students(query)
            case ("PATCH", "students", key):
                if key not in self.people:
                    return 404, {"message": "no such student"}
                self.people[key] |= body
                return 200, self.people[key]
            case ("GET", "courses"):
                return 200, [{"id": 7, "name": "Baking"}, {"id": 8, "name": "Knitting"}]
            case ("POST", "enrolments"):
                courses = self.enrolled.setdefault(body["student"]["email"], [])
                if body["course"] in courses:
                    return 409, {"message": "already there"}
                courses.append(body["course"])
                return 201, {"ok": True}
            case ("PUT", "lists", name, email):
                self.lists.setdefault(name, set()).add(email)
                return 204, None
            case ("DELETE", "lists", name, email):
                if email not in self.lists.get(name, set()):
                    return 404, {"message": "not on the list"}
                self.lists[name].discard(email)
                return 204, None
        return 404, {"message": "no such path"}

    def _students(self, query: dict[str, str]) -> Any:
        since = float(query.get("since", 0))
        rows = sorted(
            (one for one in self.people.values() if one["changed_at"] >= since),
            key=lambda one: (one["changed_at"], one["id"]),
        )
        at, size = int(query.get("page", 0)), int(query["limit"])
        more = at + size < len(rows)
        return {"data": rows[at : at + size], "next": at + size if more else None}

    def person(self, key: str, updated: float, **values: Any) -> None:
        one = self.people.setdefault(key, {"id": key, "profile": {}})
        if "first" in values:
            one["profile"] = {"first": values.pop("first")}
        one.update(values, changed_at=int(updated))

    def holds(self, key: str) -> Mapping[str, Any]:
        return {**self.people[key], "first": self.people[key]["profile"].get("first")}

    def course_of(self, email: str) -> list[str]:
        return self.enrolled.get(email, [])

    def listed(self, name: str) -> set[str]:
        return self.lists.get(name, set())

    def mood(self, mood: str) -> None:
        self.state = mood

    def close(self) -> None:
        self.out.close()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


# ---------------------------------------------------------------- OnlineCourseHost


class CourseHostHarness(Harness):
    """OnlineCourseHost's stand-in over a real socket."""

    def __init__(self, control: Any) -> None:
        self.control = control
        self.out = _calls()
        calls: list[tuple[str, int]] = []
        platform = Platform(Kind.COURSEHOST, f"{control.url}/coursehost", per_minute=400)
        line = Line(
            "loc1",
            Lane.BULK,
            {TOKEN: "och-simulator"},
            lambda call: calls.append((call.operation, call.status)),
        )
        super().__init__(
            CourseHost(platform, self.out, line), frozenset({"down", "busy", "closed"}), calls
        )

    def course_of(self, email: str) -> list[str]:
        found = self.control.coursehost()["students"]
        return next((one["courses"] for one in found if one["email"] == email), [])

    def mood(self, mood: str) -> None:
        if mood == "closed":
            self.control.settings(coursehost={"token": "another-one"})
        elif mood == "busy":
            self.control.fault("too-many")
        else:
            self.control.fault("error", status=500)

    def close(self) -> None:
        self.out.close()


# ---------------------------------------------------------------- all of them

Make = Callable[[pytest.FixtureRequest, Path], Any]

HARNESSES: dict[str, Make] = {
    "sql on SQLite": lambda _, folder: TableHarness(f"sqlite:///{folder / 'school.db'}"),
    "sql on PostgreSQL": lambda request, _: TableHarness(
        str(request.getfixturevalue("postgres_url")).replace(
            "postgresql://", "postgresql+psycopg://"
        )
    ),
    "http": lambda _, __: ApiHarness(),
    "coursehost": lambda request, _: CourseHostHarness(request.getfixturevalue("simulator")()),
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=pytest.mark.postgres if "PostgreSQL" in name else ())
        for name in HARNESSES
    ]
)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Each connector with its platform, in turn."""
    made = HARNESSES[request.param](request, tmp_path)
    with ExitStack() as stack:
        stack.callback(made.close)
        yield made


@pytest.fixture
def api() -> Iterator[ApiHarness]:
    """A school with an API."""
    made = ApiHarness()
    yield made
    made.close()


@pytest.fixture
def host(simulator: Any) -> Iterator[CourseHostHarness]:
    """OnlineCourseHost."""
    made = CourseHostHarness(simulator())
    yield made
    made.close()
