"""Which waiting jobs of a location are next: due, in their order, each the first of its contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, literal_column, or_, select, text, true

from contacts.jobs import WALKS, WRITING, Kind
from contacts.store.database import Tx
from contacts.store.prepared import Prepared
from contacts.store.tables import RESTING, WAITING, jobs, links

ELSEWHERE: Final = "platform.%"
"""Kinds of job that call the course platform and not the CRM."""


def jobs_of(
    tx: Tx, values: Mapping[str, Any], *, live: bool, read_only: bool, at_work: bool
) -> list[Any]:
    """Rows of id, kind and lane.

    Args:
        values: of the statements' parameters: location, now, free (at most so many), quiet, lately.
        read_only: those that write wait, and those behind them do not wait for them.
        at_work: other jobs of the location in this lane are out.
    """
    rows = _DUE[live, read_only].all(tx, values)
    if live:
        return rows
    is_full = len(rows) == values["free"]  # else all that is due is among them
    pages = _PAGES.all(tx, values) if is_full else ()
    return _walks_first(rows, pages, at_work)[: values["free"]]


def _walks_first(rows: Sequence[Any], pages: Sequence[Any], at_work: bool) -> list[Any]:
    """The next page of a walk before all else of its lane, while something else is at work.

    A page finds work, and its successor would wait behind it: each time the location would run dry
    before there is more. And where there is one place at a time, no page takes it before work that
    is older.
    """
    first = [] if at_work else list(rows[:1])
    rest = {row.id: row for row in (*rows[len(first) :], *pages) if row not in first}.values()
    return first + sorted(rest, key=lambda row: (row.lane, row.kind not in WALKS, row.id))


def _told_lately() -> Any:
    """A condition: the contact was told the same kind of thing, or was read, just now."""
    since = case(
        (jobs.c.kind == Kind.TAG.value, links.c.tags_at),
        (jobs.c.kind.in_([Kind.PUSH.value, Kind.PULL.value]), links.c.settled_at),
    )
    told = and_(links.c.contact == jobs.c.contact, since > bindparam("lately"))
    return select(literal_column("1")).where(told).exists()


def in_the_way(held: Sequence[str] = ()) -> Any:
    """A condition: another job of the contact goes before this waiting one.

    Args:
        held: kinds that wait without holding anything up.
    """
    older = jobs.alias("older")
    return (
        select(literal_column("1"))
        .where(
            older.c.contact == jobs.c.contact,
            older.c.contact != 0,
            or_(
                older.c.state == "released",
                and_(
                    older.c.state == "waiting",
                    older.c.id < jobs.c.id,
                    # What waits for the course platform holds nothing up on its way to the CRM.
                    or_(older.c.due_at <= bindparam("now"), older.c.kind.not_like(ELSEWHERE)),
                    older.c.kind.not_in(held) if held else true(),
                ),
            ),
            # Repeated so that the partial index of open jobs is used.
            text("older.state IN ('waiting', 'released')"),
        )
        .exists()
    )


def _due_statement(live: bool, read_only: bool) -> Any:
    """Ids of a location's next jobs: due, and each the oldest open one of its contact.

    Args:
        read_only: those that write wait, and those behind them do not wait for them.
    """
    held = [kind.value for kind in WRITING] if read_only else []
    return (
        select(jobs.c.id, jobs.c.kind, jobs.c.lane)
        .where(
            jobs.c.location == bindparam("location"),
            jobs.c.lane == 0 if live else jobs.c.lane > 0,
            jobs.c.due_at <= bindparam("now"),
            jobs.c.kind.not_in(held) if held else true(),
            ~in_the_way(held),
            or_(jobs.c.put_at <= bindparam("quiet"), ~_told_lately()),
            WAITING,
        )
        .order_by(jobs.c.lane, jobs.c.id)
        .limit(bindparam("free"))
        .with_for_update(of=jobs, skip_locked=True)
    )


_PAGES: Final = Prepared(
    select(jobs.c.id, jobs.c.kind, jobs.c.lane)
    .where(
        jobs.c.kind.in_(sorted(kind.value for kind in WALKS)),
        jobs.c.location == bindparam("location"),
        jobs.c.contact == 0,
        jobs.c.lane > 0,
        jobs.c.due_at <= bindparam("now"),
        # Waiting, said so that the index of keys is used: by that of what waits all of it would be
        # looked through, 28 ms of 100,000 jobs.
        text(f"jobs.{RESTING}"),
        jobs.c.state.not_in(["parked", "cancelled"]),
    )
    .with_for_update(of=jobs, skip_locked=True)
)

# Built once: to build one takes 2 ms, to run it 0.2.
_DUE: Final = {
    (live, read_only): Prepared(_due_statement(live, read_only))
    for live in (True, False)
    for read_only in (True, False)
}
