"""Bytes of what is kept: rows of the usual size are written, and the database is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Table, func, select, text

from contacts.jobs import Kind
from contacts.store.database import Store
from contacts.store.tables import calls, contacts, jobs, links, notes, tags

BATCH: Final = 5000

HERE: Final = "ve9EPM428h8vShlRW1KT"


def person(n: int) -> dict[str, str]:
    """The fields of a contact as a school's export has them."""
    return {
        "email": f"student{n}@example.com",
        "phone": f"+1201{n:07}",
        "first_name": "Ada",
        "last_name": f"McStudent{n}",
        "city": "London",
        "country": "US",
        "postal_code": f"{n % 100_000:05}",
    }


def _contact(n: int) -> dict[str, Any]:
    known = person(n)
    kept = {"email": known["email"], "phone": known["phone"], "fields": known}
    return {"id": n, "location": HERE, "changed_at": 1.8e9, **kept}


def _link(n: int) -> dict[str, Any]:
    own = {"contact": n, "location": HERE, "remote_id": f"{n:020}", "agreed": person(n)}
    return {**own, "refused": {}, "settled_at": 1.8e9}


def _tag(n: int) -> dict[str, Any]:
    return {"contact": n, "tag": "course: astronomy", "wanted": True, "agreed": True}


def _note(n: int) -> dict[str, Any]:
    body = "Enrolled in Astronomy on 2026-11-26"
    own = {"contact": n, "fingerprint": f"{n:032}", "body": body}
    return {**own, "remote_id": f"{n:020}", "settled_at": 1.8e9}


def _job(n: int, **more: Any) -> dict[str, Any]:
    own = {"kind": Kind.PUSH.value, "location": HERE, "contact": n, "subject": 0, "lane": 1}
    return {**own, "state": "waiting", "put_at": 1.8e9, "due_at": 1.8e9, **more}


def _done(n: int) -> dict[str, Any]:
    return _job(n, state="done", settled_at=1.8e9, release=1, worker="worker-1@host:12345")


def _call(n: int) -> dict[str, Any]:
    own = {"at": 1.8e9 + n, "location": HERE, "operation": "contact.upsert", "status": 200}
    return {**own, "ms": 123.4, "job": n, "trace": f"{n:036}", "worker": "worker-1@host:12345"}


ROWS: Final[tuple[tuple[str, Table, Callable[[int], dict[str, Any]]], ...]] = (
    ("contact", contacts, _contact),
    ("link", links, _link),
    ("tag", tags, _tag),
    ("note", notes, _note),
    ("job, waiting", jobs, _job),
    ("job, done", jobs, _done),
    ("call in the audit", calls, _call),
)


def measure(store: Store, rows: int) -> dict[str, float]:
    """Bytes of one row of each kind, indexes included."""
    found: dict[str, float] = {}
    for name, table, make in ROWS:
        with store.write() as tx:
            tx.execute(table.delete())
        before = _bytes(store, table)
        for part in _parts(rows):
            with store.write() as tx:
                tx.execute(table.insert(), [make(n) for n in part])
        found[name] = (_bytes(store, table) - before) / rows
    return found


def _parts(rows: int) -> Iterator[range]:
    for first in range(1, rows + 1, BATCH):
        yield range(first, min(first + BATCH, rows + 1))


def _bytes(store: Store, table: Table) -> int:
    """How large the table and its indexes are; on SQLite the file without its free pages."""
    with store.read() as tx:
        if store.engine.dialect.name == "postgresql":
            return int(tx.execute(select(func.pg_total_relation_size(table.name))).scalar_one())
        pages = tx.execute(text("SELECT page_count FROM pragma_page_count")).scalar_one()
        free = tx.execute(text("SELECT freelist_count FROM pragma_freelist_count")).scalar_one()
        size = tx.execute(text("SELECT page_size FROM pragma_page_size")).scalar_one()
        return int(size) * (int(pages) - int(free))
