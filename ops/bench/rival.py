"""The same job as most people would write it: a plain Celery project. Nothing of ours is used.

One task for each row of the export: upsert the contact, then add the tag. The limit is Celery's
``rate_limit``, a refused call is tried again with backoff and jitter by Celery's ``autoretry_for``.

    python -m ops.bench.rival send FILE             put one task for each row
    python -m ops.bench.rival live QUEUE            the same for each line of JSON that comes in
    python -m ops.bench.rival worker NAME [QUEUE]   a worker, of Celery's own queue or of this one

Kind choices where there was one: keep-alive and one client a thread, the cheapest pool (threads),
ten retries where Celery's default is three and its documentation's example five.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx
from celery import Celery

BROKER, CRM_URL, LOCATION, TOKEN = "BROKER_URL", "CRM_URL", "CRM_LOCATION", "CRM_TOKEN"
RATE: Final = "RATE_LIMIT"
ONE_CALL: Final = "ONE_CALL"
"""Set: the tag goes out with its contact, as in the CRM's examples; else by a call of its own."""
READY: Final = b"ready"
"""What a project's command says when live rows may come."""

NOTES: Final = "NOTES"
"""Set: a note for each enrolment that has a date."""
THREADS: Final = 8
RETRIES: Final = 10
TASK: Final = "students.sync"


def build(env: Mapping[str, str], session: Session) -> Celery:
    """The application; its settings are variables of the environment."""
    app = Celery("students", broker=env[BROKER], set_as_current=False)
    app.conf.worker_send_task_events = True
    app.conf.task_ignore_result = True
    work = Work.of(env, session)

    @app.task(  # type: ignore[untyped-decorator]
        name=TASK,
        shared=False,
        rate_limit=env.get(RATE, "10/s"),
        autoretry_for=(httpx.HTTPError,),
        retry_backoff=True,
        retry_jitter=True,
        max_retries=RETRIES,
    )
    def sync(row: dict[str, str]) -> None:
        work.sync(row)

    return app


class Calls(Protocol):
    """What calls the CRM."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Work:
    """What is done for a row, the same in every project of ``ops.bench.peers``."""

    calls: Calls
    location: str
    one_call: bool = False
    notes: bool = False

    @classmethod
    def of(cls, env: Mapping[str, str], calls: Calls) -> Work:
        """As the environment says."""
        return cls(calls, env[LOCATION], bool(env.get(ONE_CALL)), bool(env.get(NOTES)))

    def sync(self, row: Mapping[str, str]) -> None:
        """Bring one row into the CRM, from its first call to its last."""
        body: dict[str, Any] = {"locationId": self.location, **contact(row)}
        tags = {"tags": [f"course: {row['Course']}"]}
        if self.one_call:
            body |= tags
        id = self.calls.post("/contacts/upsert", body)["contact"]["id"]
        if not self.one_call:
            self.calls.post(f"/contacts/{id}/tags", tags)
        if self.notes and (text := note(row)):
            self.calls.post(f"/contacts/{id}/notes", {"body": text})


def contact(row: Mapping[str, str]) -> dict[str, str]:
    """The row in the CRM's words."""
    first, _, last = row["Name"].partition(" ")
    known = {
        "firstName": first,
        "lastName": last,
        "email": row["Email"],
        "phone": row["Phone"],
        "country": row["Country"],
    }
    return {name: value for name, value in known.items() if value}


def note(row: Mapping[str, str]) -> str | None:
    """The note of the row's enrolment, if it has a date."""
    day = row["Enrolled on"]
    return f"Enrolled in {row['Course']} on {day}" if day else None


class Session:
    """Calls the CRM; raises for every answer that is not 2xx."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Version": "2021-07-28"}
        self._mine = threading.local()
        self._clients: list[httpx.Client] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST and read the answer.

        Raises:
            httpx.HTTPError: no answer, or not a good one.
        """
        answer = self.open().post(path, json=body)
        answer.raise_for_status()
        return dict(answer.json())

    def open(self) -> httpx.Client:
        """This thread's client; nothing is sent yet."""
        client: httpx.Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = httpx.Client(base_url=self._url, headers=self._headers, timeout=15)
            self._mine.client = client
            self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the connections of all threads."""
        for client in self._clients:
            client.close()


def rows(file: str) -> Iterator[dict[str, str]]:
    """The rows of the export."""
    with open(file, newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def send(app: Celery, file: str) -> int:
    """Put one task for each row; returns how many."""
    return len([app.tasks[TASK].delay(row) for row in rows(file)])


def live(app: Celery, queue: str) -> None:
    """Put a task for each line of JSON, at once."""
    for row in incoming():
        app.tasks[TASK].apply_async((row,), queue=queue)


def incoming() -> Iterator[dict[str, str]]:
    """The rows that come in as lines of JSON."""
    print(READY.decode(), flush=True)
    for line in sys.stdin:
        yield json.loads(line)


def main() -> int:
    """``python -m ops.bench.rival``."""
    command, argument, *rest = sys.argv[1:]
    with contextlib.closing(Session(os.environ[CRM_URL], os.environ[TOKEN])) as session:
        app = build(os.environ, session)
        match command:
            case "send":
                print(send(app, argument))
            case "live":
                live(app, argument)
            case _:
                app.worker_main(_worker(argument, *rest))
    return 0


def _worker(name: str, queue: str = "celery") -> list[str]:
    options = ["--pool", "threads", "--concurrency", str(THREADS), "--loglevel", "ERROR"]
    return ["worker", "--hostname", f"{name}@%h", "--queues", queue, *options]


if __name__ == "__main__":
    sys.exit(main())
