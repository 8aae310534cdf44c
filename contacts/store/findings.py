"""What a run found and did, counted: from the timeline and the calls. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Integer, case, cast, func, select, text

from contacts.store.database import Store
from contacts.store.runs import Run
from contacts.store.tables import calls, timeline
from contacts.store.timeline import What

BARS: Final = 60
"""Parts into which the time of a run is cut."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit that did not get through.

    Attributes:
        side: whose it was: ours or theirs.
        by: what decided.
        lost, kept: both values; None: not known.
    """

    contact: int
    name: str
    side: str
    by: str
    lost: Any = field(repr=False)
    kept: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls of a run in parts of its time.

    Attributes:
        began_at: seconds since the epoch.
        seconds: of one part.
        good, bad: calls answered with success, and all others, in each part.
    """

    began_at: float
    seconds: float
    good: tuple[int, ...]
    bad: tuple[int, ...]


def by_field(store: Store, run: Run) -> dict[str, dict[str, int]]:
    """Of how many contacts what happened to a field in a run: count by what, by field.

    Tags, notes and tasks are one field each: ``tag:``, ``note:``, ``task:``. What changes no field
    (deleted in the CRM, there again) stands under "".
    """
    found: dict[str, dict[str, int]] = {}
    statement = _BY_FIELD[store.engine.dialect.name]
    with store.read() as tx:
        rows = tx.execute(statement, {"run": run.id, "began": run.started_at})
        for name, what, count in rows:
            found.setdefault(name, {})[what] = int(count)
    return found


def conflicts(store: Store, run: Run, *, limit: int = 200) -> list[Conflict]:
    """The conflicts of a run, oldest first."""
    query = (
        select(timeline.c.contact, timeline.c.changes)
        .where(
            timeline.c.at >= run.started_at,
            timeline.c.run == run.id,
            timeline.c.what == What.CONFLICT.value,
        )
        .order_by(timeline.c.id)
        .limit(limit)
    )
    with store.read() as tx:
        return [
            Conflict(row.contact, name, side, by, lost, kept)
            for row in tx.execute(query)
            for name, (lost, kept, side, by) in row.changes.items()
        ]


def pace(store: Store, run: Run, *, bars: int = BARS) -> Pace | None:
    """How the calls of a run lie in time; None: it made none."""
    span = select(func.min(calls.c.at), func.max(calls.c.at)).where(calls.c.run == run.id)
    with store.read() as tx:
        first, last = tx.execute(span).one()
        if first is None:
            return None
        seconds = _round((last - first) / bars)
        # In whole parts, so that a call at the very end is in the last one.
        part = cast(func.floor((calls.c.at - first) / seconds), Integer).label("part")
        good = func.sum(case((calls.c.status.between(200, 299), 1), else_=0))
        query = select(part, func.count(), good).where(calls.c.run == run.id).group_by(part)
        rows: Mapping[int, tuple[int, int]] = {
            int(place): (int(every), int(well)) for place, every, well in tx.execute(query)
        }
    parts = range(max(rows) + 1)
    return Pace(
        first,
        seconds,
        tuple(rows.get(place, (0, 0))[1] for place in parts),
        tuple(rows.get(place, (0, 0))[0] - rows.get(place, (0, 0))[1] for place in parts),
    )


def _round(seconds: float) -> float:
    """A length that a person can name."""
    nice = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
    return float(next((one for one in nice if one >= seconds), max(86_400, seconds)))


# By the index of time, for a run is nearly all that happened while it went on; JSON is taken
# apart where it lies, or a million rows would travel to be counted.
_COUNTED: Final = (
    "SELECT name, what, count(*) FROM (SELECT {name} AS name, what FROM timeline {join} "
    "WHERE at >= :began AND run = :run) AS named GROUP BY name, what ORDER BY name, what"
)
_BY_FIELD: Final = {
    "sqlite": text(
        _COUNTED.format(
            name="CASE WHEN instr(one.key, ':') > 0 "
            "THEN substr(one.key, 1, instr(one.key, ':')) ELSE coalesce(one.key, '') END",
            join="LEFT JOIN json_each(timeline.changes) AS one",
        )
    ),
    "postgresql": text(
        _COUNTED.format(
            name="CASE WHEN strpos(one.key, ':') > 0 "
            "THEN split_part(one.key, ':', 1) || ':' ELSE coalesce(one.key, '') END",
            join="LEFT JOIN LATERAL jsonb_object_keys(timeline.changes) AS one(key) ON true",
        )
    ),
}
