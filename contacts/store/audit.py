"""Every call to the CRM: when, where, what, how it ended. No personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Select, func, select

from contacts.store.database import Store, Tx
from contacts.store.tables import calls


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        at: when the answer came, seconds since the epoch.
        status: HTTP status; 0 when no answer was seen.
        ms: milliseconds from sending to the answer.
        trace: the CRM's trace id, for its support.
    """

    at: float
    location: str
    operation: str
    status: int
    ms: float
    job: int | None
    run: int | None
    trace: str | None


def record(tx: Tx, trail: Sequence[Call]) -> None:
    """Keep the calls of one job."""
    if trail:
        tx.execute(_RECORD, [{name: getattr(call, name) for name in _COLUMNS} for call in trail])


_RECORD: Final = calls.insert()
_COLUMNS: Final = tuple(field.name for field in fields(Call))


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget old calls.

    Returns:
        how many.
    """
    return store.prune(calls.c.at, older_than_s)


def rate(store: Store, *, location: str | None = None, seconds: float = 10.0) -> float:
    """Calls a second over the last seconds."""
    query = select(func.count()).where(calls.c.at > store.clock() - seconds)
    if location is not None:
        query = query.where(calls.c.location == location)
    with store.read() as tx:
        return int(tx.execute(query).scalar_one()) / seconds


@dataclass(frozen=True, slots=True)
class Tally:
    """How one operation went.

    Attributes:
        mean_ms: mean time to an answer, milliseconds.
        statuses: calls by HTTP status.
    """

    operation: str
    calls: int
    mean_ms: float
    statuses: dict[int, int]


def by_operation(
    store: Store, *, run: int | None = None, location: str | None = None
) -> list[Tally]:
    """The calls of a run or location, by operation."""
    query: Select[Any] = select(
        calls.c.operation, calls.c.status, func.count(), func.sum(calls.c.ms)
    ).group_by(calls.c.operation, calls.c.status)
    if run is not None:
        query = query.where(calls.c.run == run)
    if location is not None:
        query = query.where(calls.c.location == location)
    found: dict[str, list[tuple[int, int, float]]] = {}
    with store.read() as tx:
        for operation, status, count, total in tx.execute(query):
            found.setdefault(operation, []).append((status, count, total))
    return [
        Tally(
            operation=operation,
            calls=sum(count for _, count, _ in rows),
            mean_ms=sum(total for _, _, total in rows) / sum(count for _, count, _ in rows),
            statuses={status: count for status, count, _ in sorted(rows)},
        )
        for operation, rows in sorted(found.items())
    ]


def recent(store: Store, *, job: int | None = None, limit: int = 20) -> list[Call]:
    """The newest calls, newest first."""
    query = select(calls).order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
    if job is not None:
        query = query.where(calls.c.job == job)
    with store.read() as tx:
        rows = [dict(row._mapping) for row in tx.execute(query)]
    return [Call(**{k: v for k, v in row.items() if k != "id"}) for row in rows]
