"""``NAME.plan.json``: what a run would do, to read, to keep, and to apply.

JSON lines: the first one says what was planned and sums it up, each further one is a contact that
is written to. It holds personal data, and belongs to its owner alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from contacts.errors import UsageError
from contacts.plans import Touched
from producers import whole_file

MARK: Final = "rollbook_plan"
VERSION: Final = 1

BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was made of: it holds for nothing else.

    Attributes:
        location: its id in the CRM.
        kind: ``backfill`` or ``reconcile``.
        file, map: paths of the export and its mapping; None: there is none.
        digests: of the file, the mapping, the rules and the settings, by these names.
        since: of a reconciliation: only what was changed in the CRM after it, seconds.
    """

    location: str
    kind: str
    file: str | None
    map: str | None
    digests: Mapping[str, str]
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        made_at: seconds since the epoch.
        sums: counts of reading (``read``), of writing (``writes``), ``calls`` by operation,
            ``forecast`` (seconds, days, per_day), changes by ``fields``, ``conflicts``,
            ``parked``, ``rejects``, ``asks`` and so on; see docs/plan.md.
        touched: the contacts that are written to.
    """

    basis: Basis
    made_at: float
    sums: Mapping[str, Any]
    touched: Sequence[Touched] = field(repr=False)

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(self.sums["calls"].values())

    @property
    def quota(self) -> float:
        """The share of a day's calls that it takes, per cent."""
        return float(100 * self.calls / self.sums["forecast"]["per_day"])

    def head(self) -> dict[str, Any]:
        """The first line."""
        basis = {name: getattr(self.basis, name) for name in Basis.__slots__}
        return {MARK: VERSION, "basis": basis, "made_at": self.made_at, "sums": dict(self.sums)}


def write(path: Path, plan: Plan) -> None:
    """Write the file; it appears when it is whole.

    Raises:
        UsageError: it cannot be written.
    """
    with whole_file.writing(path) as file:
        file.write(orjson.dumps(plan.head()) + b"\n")
        for one in plan.touched:
            file.write(orjson.dumps(one.as_json()) + b"\n")


def is_plan(path: Path) -> bool:
    """Whether a file begins as a plan does; False also for one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK) + 2).startswith(b'{"' + MARK.encode())
    except OSError:
        return False


def read(path: Path) -> Plan:
    """Read a plan.

    Raises:
        UsageError: it is none, of another version, or damaged.
    """
    try:
        lines = _lines(path)
        head = next(lines, None)
        if not isinstance(head, dict) or head.get(MARK) is None:
            raise UsageError(f"{path} is no plan: `rollbook plan FILE` makes one")
        if head[MARK] != VERSION:
            raise UsageError(
                f"{path} is of version {head[MARK]} of plans, not {VERSION}: make it again"
            )
        basis = Basis(**head["basis"])
        return Plan(basis, head["made_at"], head["sums"], [Touched.read(one) for one in lines])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(f"{path} is damaged: make the plan again") from None


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        UsageError: it cannot be read.
    """
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                found.update(block)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return found.hexdigest()


def digest_of(value: object) -> str:
    """SHA-256 of anything that is JSON."""
    raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(raw).hexdigest()
