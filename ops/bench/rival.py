"""The same job as most people would write it: a plain Celery project. Nothing of ours is used.

One task for each row of the export: upsert the contact, then add the tag. The limit is Celery's
``rate_limit``, a refused call is tried again with backoff and jitter by Celery's ``autoretry_for``.

    python -m ops.bench.rival send FILE       put one task for each row
    python -m ops.bench.rival worker NAME     a worker

Kind choices where there was one: keep-alive and one client a thread, the cheapest pool (threads),
ten retries where Celery's default is three and its documentation's example five.
"""

from __future__ import annotations

import contextlib
import csv
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
from celery import Celery

BROKER, CRM_URL, LOCATION, TOKEN = "BROKER_URL", "CRM_URL", "CRM_LOCATION", "CRM_TOKEN"
RATE: Final = "RATE_LIMIT"
THREADS: Final = 8
RETRIES: Final = 10
TASK: Final = "students.sync"


def build(env: Mapping[str, str], session: Session) -> Celery:
    """The application; its settings are variables of the environment."""
    app = Celery("students", broker=env[BROKER], set_as_current=False)
    app.conf.worker_send_task_events = True
    app.conf.task_ignore_result = True
    location = env[LOCATION]

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
        found = session.post("/contacts/upsert", {"locationId": location, **_contact(row)})
        tags = {"tags": [f"course: {row['Course']}"]}
        session.post(f"/contacts/{found['contact']['id']}/tags", tags)

    return app


def _contact(row: dict[str, str]) -> dict[str, str]:
    first, _, last = row["Name"].partition(" ")
    return {
        "firstName": first,
        "lastName": last,
        "email": row["Email"],
        "phone": row["Phone"],
        "country": row["Country"],
    }


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
        client: httpx.Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = httpx.Client(base_url=self._url, headers=self._headers, timeout=15)
            self._mine.client = client
            self._clients.append(client)
        answer = client.post(path, json=body)
        answer.raise_for_status()
        return dict(answer.json())

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


def main() -> int:
    """``python -m ops.bench.rival``."""
    command, argument = sys.argv[1:]
    with contextlib.closing(Session(os.environ[CRM_URL], os.environ[TOKEN])) as session:
        app = build(os.environ, session)
        if command == "send":
            print(send(app, argument))
            return 0
        options = ["--pool", "threads", "--concurrency", str(THREADS), "--loglevel", "ERROR"]
        app.worker_main(["worker", "--hostname", f"{argument}@%h", *options])
    return 0


if __name__ == "__main__":
    sys.exit(main())
