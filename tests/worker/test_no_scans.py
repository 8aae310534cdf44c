"""A job costs the same among a million contacts as among three: no statement reads a whole table.

Every statement of the walks is recorded while they run, and SQLite is asked how it would run each.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from sqlalchemy import event

from contacts import events
from contacts.store import inbox, ledger
from contacts.store.database import Store
from ops import judge
from ops.simulator import webhooks as made
from ops.simulator.world import Contact

HERE = "loc1"

GROWING = frozenset(
    [
        "contacts",
        "links",
        "tags",
        "notes",
        "jobs",
        "calls",
        "remotes",
        "webhooks",
        "sightings",
        "history",
        "past_links",
    ]
)
"""Tables with a row for each contact, or for each thing that happens."""


OUT = "USING INDEX jobs_released"
"""All jobs that are out are read, which are never many."""


class Statements:
    """What the database is asked, each text once, with the parameters of the first time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.found: dict[str, Any] = {}
        event.listen(store.engine, "before_cursor_execute", self._note)

    def _note(self, _: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH", "INSERT")):
            self.found.setdefault(statement, parameters[0] if many else parameters)

    def scans(self) -> list[tuple[str, str]]:
        """(what SQLite says, the statement) of those that read a growing table from end to end."""
        event.remove(self.store.engine, "before_cursor_execute", self._note)
        bad = []
        with self.store.read() as tx:
            for statement, parameters in self.found.items():
                plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                for row in plan:
                    named = re.match(r"SCAN (\w+)", row.detail)
                    if named and named[1] in GROWING and not row.detail.endswith(OUT):
                        bad.append((row.detail, statement))
        return bad


def webhook(crm: Any, type: str, remote: str, at: float, number: int) -> bytes:
    (found,) = [one for one in crm.contacts(HERE, deleted=True) if one["id"] == remote]
    contact = Contact(remote, HERE, 0, 0, found, tuple(found["tags"]), {})
    payload = made.contact(type, contact)
    stamp = made.shapes.instant(round(1000 * at))
    return orjson.dumps({**payload, "timestamp": stamp, "webhookId": f"wh-{number}"})


def test_no_statement_of_a_job_or_a_webhook_reads_a_whole_table(
    sqlite_store: Store, open_shop: Any, simulator: Any
) -> None:
    crm = simulator(
        clock=sqlite_store.clock,
        locations=[judge.location(HERE)],
        tokens=[judge.token("pit-secret", HERE)],
    )
    shop = open_shop(sqlite_store, crm)
    asked = Statements(sqlite_store)
    for name in ("ada", "bob"):
        shop.person(f"{name}@example.org", first_name=name, tags=["vip"], notes=[f"Of {name}"])
    assert set(shop.work()) == {"done"}
    shop.person("ada@example.org", first_name="Augusta", gone=["vip"])
    shop.work()
    first = crm.contacts(HERE)[0]["id"]
    for number, (type, change) in enumerate(
        [
            ("ContactUpdate", {"values": {"city": "Lisbon"}}),
            ("ContactTagUpdate", {"tags": ["vip", "new"]}),
            ("ContactDelete", {"deleted": True}),
        ]
    ):
        shop.clock.tick(60)
        crm.seed(HERE, {"id": first, **change})
        body = webhook(crm, type, first, shop.clock(), number)
        with sqlite_store.write() as tx:
            now = shop.clock()
            inbox.receive(tx, [events.read(body, now=now)], now=now)
        assert set(shop.work()) == {"done"}
    ledger.reclaim(sqlite_store, attempts_max=3)

    assert asked.scans() == []
