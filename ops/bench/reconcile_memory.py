"""How much memory and time a worker takes to walk over a great many contacts.

    python -m ops.bench.reconcile_memory --contacts 1000000

The CRM is a function that makes up each page when it is asked for, so that what is measured is the
worker's side: reading rows, comparing, keeping. One contact in a thousand differs. The contacts are
written beforehand by a process of its own. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import structlog

from contacts.jobs import Kind
from contacts.settings import load
from contacts.store import accounts, ledger, runs, walks
from contacts.store.cipher import Cipher
from contacts.store.database import Store, migrate, open_store
from contacts.store.tables import contacts as contact_table
from contacts.store.tables import links
from contacts.store.walks import Way
from worker import outcomes, reconcile
from worker.crm.calls import Calls, Line
from worker.crm.desk import Desk
from worker.crm.operations import SEARCH, Operation
from worker.crm.shapes import JsonObject
from worker.crm.wire import Dictionary
from worker.workbench import Workbench

HERE: Final = "loc1"
BATCH: Final = 5000
EVERY: Final = 1000
"""One in so many differs."""


def person(n: int) -> dict[str, Any]:
    """The fields of a contact, by our names."""
    return {
        "email": f"student{n}@example.com",
        "phone": f"+1201555{n % 10_000:04}{n // 10_000:03}",
        "first_name": "Ada",
        "last_name": f"McStudent{n}",
        "city": "London",
        "country": "US",
        "postal_code": f"{n % 100_000:05}",
    }


def write(url: str, number: int) -> None:
    """Contacts and links, as if all had been agreed."""
    store = open_store(url)
    for first in range(1, number + 1, BATCH):
        some = range(first, min(first + BATCH, number + 1))
        with store.write() as tx:
            tx.execute(contact_table.insert(), [_contact(n) for n in some])
            tx.execute(links.insert(), [_link(n) for n in some])
    store.close()


def _contact(n: int) -> dict[str, Any]:
    values = person(n)
    own = {"id": n, "location": HERE, "email": values["email"], "phone": None}
    return own | {"fields": values, "changed_at": 1.0, "moved_at": {}, "said": {}}


def _link(n: int) -> dict[str, Any]:
    own = {"contact": n, "location": HERE, "remote_id": f"remote{n}", "agreed": person(n)}
    return own | {"refused": {}, "unanswered": {}, "settled_at": 1.0}


class Endless:
    """``Calls`` of a CRM that makes up its rows."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.made = 0

    def make(
        self, operation: Operation, line: Line, *, body: Mapping[str, Any], **_: Any
    ) -> JsonObject:
        """A page of the search."""
        assert operation is SEARCH
        del line
        self.made += 1
        first = int((body.get("searchAfter") or [0])[0]) + 1
        last = min(first + int(body["pageLimit"]), self._number + 1)
        return {"contacts": list(self._rows(first, last)), "total": self._number}

    def _rows(self, first: int, last: int) -> Iterator[dict[str, Any]]:
        for n in range(first, last):
            one = person(n)
            yield {
                "id": f"remote{n}",
                "email": one["email"],
                "phone": one["phone"],
                "firstName": "ada",
                "lastName": one["last_name"].lower(),
                "city": "Paris" if n % EVERY == 0 else one["city"],
                "country": "US",
                "postalCode": one["postal_code"],
                "tags": [],
                "customFields": [],
                "dateUpdated": "2026-11-25T00:00:00.000Z",
                "searchAfter": [n, f"remote{n}"],
            }


class Crm:
    """``worker.crm.client.Crm`` over such calls."""

    def __init__(self, calls: Endless) -> None:
        self._calls = calls

    def at(self, location: str, token: str, *, country: str, **line: Any) -> Desk:
        """The CRM for one job."""
        made = Line(location, token, line["lane"], line["record"], not_after=line["not_after"])
        return Desk(cast("Calls", self._calls), made, country=country, dictionary=Dictionary())


def bench_of(store: Store, folder: Path, calls: Endless) -> Workbench:
    """A worker without Redis."""
    settings = load(home=folder, crm_location=HERE, redis_url="redis://nobody")
    cipher = Cipher.from_settings(settings)
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-of-the-bench", country="US", cipher=cipher)
    nobody = cast("Any", None)
    return Workbench(
        settings=settings,
        store=store,
        redis=nobody,
        limiter=nobody,
        crm=cast("Any", Crm(calls)),
        cipher=cipher,
        clock=time.time,
        sleep=time.sleep,
        random=lambda: 0.5,
        name="worker-1@bench:1",
        stopping=threading.Event(),
    )


def measure(store: Store, folder: Path, number: int) -> dict[str, Any]:
    """One walk; the jobs that it puts for others stay where they are."""
    calls = Endless(number)
    bench = bench_of(store, folder, calls)
    began = time.monotonic()
    with store.write() as tx:
        run = walks.begin(tx, HERE, way=Way.SEARCH, title="bench", now=time.time())
    assert run is not None
    while (found := runs.get(store, run)) is not None and found.state == "reading":
        tickets = ledger.release(store, room=10**6, limit=1, bulk_limit=10**6, lease_s=600)
        for ticket in tickets:
            if ticket.kind is Kind.PAGE:
                outcomes.run(ticket, reconcile.page, bench)
    assert found is not None
    seconds = time.monotonic() - began
    return {
        "contacts": found.counts.get("rows", 0),
        "differ": found.counts.get("differ", 0),
        "pages": calls.made,
        "seconds": round(seconds, 1),
        "contacts_per_s": round(number / seconds),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main(argv: list[str] | None = None) -> int:
    """Write the contacts, walk over them; exit code 1 when it takes more than the bound."""
    parser = argparse.ArgumentParser(prog="python -m ops.bench.reconcile_memory")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--most-mb", type=float, default=150.0, help="memory that it may take")
    options = parser.parse_args(argv)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/rollbook.db"
        migrate(url)
        # In a process of its own: what it takes to write them must not count.
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(url, options.contacts)
        )
        writer.start()
        writer.join()
        store = open_store(url)
        found = measure(store, Path(folder), options.contacts)
        store.close()
    print(json.dumps(found))
    whole = found["contacts"] == options.contacts
    return 0 if whole and found["memory_mb"] <= options.most_mb else 1


if __name__ == "__main__":
    sys.exit(main())
