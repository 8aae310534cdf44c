"""What came, when, and what became of it: the log that judges ask."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from ops.simulator.buckets import Bucket, Busiest
from ops.simulator.config import Limits
from ops.simulator.world import World

REMEMBERED: Final = 1_000_000
"""Arrivals in the log; 22 bytes each. Beyond it the older half is forgotten, but not the counts."""

UNANSWERED: Final = 0
"""The status of a call that got no answer."""


class Line:
    """One client at one location: its limit, and the counts of its calls."""

    def __init__(self, client: str, location: str, bucket: Bucket) -> None:
        self.client, self.location, self.bucket = client, location, bucket
        self.calls: Counter[tuple[str, int]] = Counter()
        self.faults: Counter[str] = Counter()
        self.arrived = Busiest(bucket.limits.window_s)
        self.accepted = Busiest(bucket.limits.window_s)

    def told(self, limits: Limits, now: float) -> None:
        """Count by other limits from now on; a window of another length is looked for anew."""
        if limits == self.bucket.limits:
            return
        other = limits.window_s != self.bucket.limits.window_s
        self.bucket.told(limits, now=now, recent=self.accepted.recent)
        if other:
            self.arrived = Busiest(limits.window_s, total=self.arrived.total)
            self.accepted = Busiest(limits.window_s, total=self.accepted.total)


class Log:
    """All arrivals in order, as columns."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._operations: dict[str, int] = {}
        self._forgotten = 0
        self._at = array("d")
        self._line = array("I")
        self._operation = array("H")
        self._status = array("H")
        self._port = array("H")
        self._numbers: dict[int, int] = {}

    def note(self, at: float, line: Line, operation: str, status: int, port: int) -> None:
        """A call that came at that time, with the status of its answer."""
        line.calls[operation, status] += 1
        number = self._numbers.get(id(line))
        if number is None:
            number = self._numbers[id(line)] = len(self.lines)
            self.lines.append(line)
        self._at.append(at)
        self._line.append(number)
        self._operation.append(self._operations.setdefault(operation, len(self._operations)))
        self._status.append(status)
        self._port.append(port)
        if len(self._at) > REMEMBERED:
            self._forget()

    def _forget(self) -> None:
        half = REMEMBERED // 2
        self._forgotten += half
        for column in (self._at, self._line, self._operation, self._status, self._port):
            del column[:half]

    def rows(self, after: int, limit: int, location: str | None) -> Iterator[dict[str, Any]]:
        """Arrivals from a number on, those of a location if one is named."""
        names = list(self._operations)
        for at in range(max(0, after - self._forgotten), len(self._at)):
            line = self.lines[self._line[at]]
            if location is not None and line.location != location:
                continue
            if limit <= 0:
                return
            limit -= 1
            yield {
                "number": self._forgotten + at,
                "at": self._at[at],
                "location": line.location,
                "operation": names[self._operation[at]],
                "status": self._status[at],
                "port": self._port[at],
            }


def summed(lines: list[Line]) -> dict[str, Any]:
    """The counts of these clients and locations together.

    ``max_in_window`` is the largest of any one of them, because each has a limit of its own.
    """
    calls: Counter[tuple[str, int]] = Counter()
    faults: Counter[str] = Counter()
    for line in lines:
        calls.update(line.calls)
        faults.update(line.faults)
    arrivals = calls.total()
    refused = sum(n for (_, status), n in calls.items() if status == 429)
    by_operation: Counter[str] = Counter()
    by_status: Counter[str] = Counter()
    for (operation, status), n in calls.items():
        by_operation[operation] += n
        by_status[str(status)] += n
    return {
        "arrivals": arrivals,
        "accepted": sum(line.accepted.total for line in lines),
        "refused_429": refused,
        "max_in_window": max((line.arrived.most for line in lines), default=0),
        "max_accepted_in_window": max((line.accepted.most for line in lines), default=0),
        "foreign": sum(line.bucket.foreign for line in lines),
        "by_operation": dict(sorted(by_operation.items())),
        "by_status": dict(sorted(by_status.items())),
        "faults": dict(sorted(faults.items())),
    }


def report(lines: list[Line], world: World, location: str | None = None) -> dict[str, Any]:
    """Everything that a judge wants to know, of one location or of all; see README.md."""
    books = {id: book for id, book in world.books.items() if location in (None, id)}
    own = [one for one in lines if location in (None, one.location)]
    limits = (world.locations[location].limits if location in world.locations else None) or (
        world.config.limits
    )
    living = [one for book in books.values() for one in book.contacts.values() if not one.deleted]
    return summed(own) | {
        "limit": limits.per_window,
        "window_s": limits.window_s,
        "contacts": len(living),
        "duplicate_contacts": sum(book.doubles() for book in books.values()),
        "tags_replaced": world.tags_replaced,
        "tasks": sum(len(one.tasks) for one in living),
        "duplicate_tasks": sum(
            len(one.tasks) - len({str(sorted(task.values.items())) for task in one.tasks})
            for one in living
        ),
        "notes": sum(len(one.notes) for one in living),
        "duplicate_notes": sum(
            len(one.notes) - len({note.body for note in one.notes}) for one in living
        ),
        "by_location": {
            id: summed([one for one in own if one.location == id])
            for id in sorted({one.location for one in own} | set(books))
        },
    }
