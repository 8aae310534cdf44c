"""Where the next page of a feed begins. Pure.

Rows are read by the time of their last change. Two things make that treacherous: many rows may have
one time, and a row may be committed late, with a time before that of a row that was read already.
So a table is read by (time, key), and a round begins where the last one was *settled*: at the last
row that is older than the overlap. What is younger is read again, and costs nothing, because what
did not change leads to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

Place = tuple[Any, Any]
"""(time of the last change, key) of a row."""


def moment(value: Any) -> float | None:
    """A time in seconds since the epoch; None: it is no time, but e.g. a running number.

    A time without a zone is taken for UTC. A number is one from 2001 on, in seconds or ms.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return (value / 1000 if value >= 1e12 else float(value)) if value >= 1e9 else None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  given its zone below
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return None


def start(cursor: Mapping[str, Any] | None) -> Place | None:
    """After which row of a table the page begins; None: at the first."""
    found = cursor and (cursor.get("reading") or cursor.get("settled"))
    return None if not found else (_read(found[0]), _read(found[1]))


def after(
    cursor: Mapping[str, Any] | None,
    places: Sequence[Place],
    *,
    full: bool,
    now: float,
    overlap_s: float,
) -> dict[str, Any]:
    """The cursor after a page of a table.

    Args:
        places: of its rows, in their order.
        full: there may be another page of this round.
    """
    before = dict(cursor or {})
    cutoff = before["cutoff"] if before.get("reading") else now - overlap_s
    settled = before.get("settled")
    for updated, key in places:
        at = moment(updated)
        if at is None or at <= cutoff:
            settled = [_written(updated), _written(key)]
    reading = [_written(one) for one in places[-1]] if full and places else None
    return {"settled": settled, "reading": reading, "cutoff": cutoff}


def since(
    cursor: Mapping[str, Any] | None,
    updated: Sequence[Any],
    *,
    page: str | None,
    now: float,
    overlap_s: float,
) -> dict[str, Any]:
    """The cursor after a page of an API, which orders its rows as it likes.

    Args:
        updated: the times of the page's rows.
        page: what the answer names as the next page; None: it was the last one.
    """
    before = dict(cursor or {})
    under_way = bool(before.get("page"))
    cutoff = before["cutoff"] if under_way else now - overlap_s
    top = _latest([before.get("top") if under_way else None, *updated])
    found = {"since": before.get("since"), "page": page, "top": top, "cutoff": cutoff}
    if page is None:
        found |= {"since": _not_after(top, cutoff) or before.get("since"), "top": None}
    return found


def _latest(values: Sequence[Any]) -> Any:
    known = [value for value in values if value not in (None, "")]
    timed = [(at, value) for value in known if (at := moment(value)) is not None]
    if timed and len(timed) == len(known):
        return max(timed, key=lambda pair: pair[0])[1]
    return max(known, key=lambda value: (isinstance(value, str), value), default=None)


def _not_after(top: Any, cutoff: float) -> Any:
    """The latest time, but not later than the cutoff, written as the API writes its times."""
    at = moment(top)
    if at is None or at <= cutoff:
        return top
    if isinstance(top, str):
        return datetime.fromtimestamp(cutoff, UTC).isoformat(timespec="seconds")[:-6] + "Z"
    return int(cutoff * 1000) if top >= 1e12 else int(cutoff)


def _written(value: Any) -> Any:
    """As JSON: times say that they are some."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if isinstance(value, int | float | str) else str(value)


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        if "time" in value:
            return datetime.fromisoformat(value["time"])
        return date.fromisoformat(value["day"])
    return value
