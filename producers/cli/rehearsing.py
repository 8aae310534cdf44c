"""What a run would do: read on a copy of the location, and done there by a worker that only takes
notes. Nothing is written to the database, to Redis' belt or to the CRM.

Begun by name as all processes are, for producers and worker never import each other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from contacts.errors import UsageError
from contacts.tempo import DAY_S, USUAL_MS, Counting
from producers.cli.words import number

if TYPE_CHECKING:
    from contacts.settings import Settings
    from contacts.store.accounts import Location
    from contacts.store.database import Store
    from producers.cli.backfill import Asked
    from producers.cli.door import Door
    from producers.plan_file import Basis, Plan

MODULE: Final = "worker.rehearsal"

REJECTS: Final = 200
"""Rejected rows that a plan lists; it counts all of them."""

SETTINGS: Final = (
    "crm_url",
    "crm_version",
    "country",
    "adopt",
    "reconcile_by",
    "guard_contacts",
    "guard_percent",
)
"""Settings that decide over what is written."""


@dataclass(frozen=True, slots=True)
class Known:
    """What only the original knows.

    Attributes:
        ahead_s: by how much the database's clock is before this machine's.
        mean_ms: mean time to an answer of the location's calls.
        left_today: calls of the day that are left; None: not known.
        counting: how the CRM counts, as was seen.
        digests: of the location's rules and of the settings, before anything is read in.
    """

    location: str | None
    ahead_s: float = 0.0
    mean_ms: float = USUAL_MS
    left_today: int | None = None
    counting: Counting = Counting.UNKNOWN
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copy:
    """A location's copy.

    Attributes:
        door: on the copy; no bell is heard from it.
        folder: of the copy, its owner's alone; gone at the end.
    """

    door: Door
    place: Location
    folder: Path
    known: Known

    @property
    def digests(self) -> dict[str, str]:
        """Of the location's rules and of the settings, before anything is read in."""
        return dict(self.known.digests)


@contextmanager
def copied(location: str | None) -> Iterator[Copy]:
    """A copy of the location that is meant, until the end of the block.

    Raises:
        UsageError: a setting is wrong, the database is behind, or it is not clear which location.
        DatabaseDown: no answer.
    """
    from pydantic import SecretStr

    from contacts.settings import load
    from contacts.store import copying, forgotten
    from contacts.store.database import migrate, open_store
    from producers.cli.door import Door

    settings = load()
    folder = Path(tempfile.mkdtemp(prefix="rollbook-plan-"))  # readable by its owner alone
    try:
        url = f"sqlite:///{folder / 'copy.db'}"
        migrate(url)
        store = open_store(url, pool_size=2)
        copying.quicken(store)
        try:
            known = _copy(settings, store, location)
            store.clock = lambda: time.time() + known.ahead_s
            forgotten.use(store, settings)
            # A Redis that is none: what is written down in a copy wakes nobody.
            silent = settings.model_copy(
                update={"database_url": SecretStr(url), "redis_url": None, "home": folder}
            )
            key = settings.model_copy(update={"database_url": SecretStr(url)})
            place = Door(key, store).location(known.location)
            yield Copy(Door(silent, store), place, folder, known)
        finally:
            store.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(settings: Settings, target: Store, location: str | None) -> Known:
    """Copy the location, if there is a database to copy it from."""
    from contacts.store import copying
    from contacts.store.database import check_schema, open_store
    from producers.cli.door import is_new_sqlite, only

    wanted = location or settings.crm_location
    if is_new_sqlite(settings.database):
        return Known(wanted, digests=digests(settings, target, wanted or ""))
    source = open_store(settings.database, pool_size=2)
    try:
        check_schema(source)
        id = wanted or only(source).id
        copying.copy(source, target, id)
        ahead_s = source.clock() - time.time()
        return Known(id, ahead_s, *_lately(source, settings, id), digests(settings, source, id))
    finally:
        source.close()


def _lately(store: Store, settings: Settings, location: str) -> tuple[float, int | None, Counting]:
    from contacts.store import accounts, audit
    from producers import flow

    known = {one.id: one for one in accounts.locations(store)}
    mean = audit.mean_ms(store, location)
    mean_ms = USUAL_MS if mean is None else mean
    if location not in known:
        return mean_ms, None, Counting.UNKNOWN
    seen = flow.look(store, settings, known[location])
    return mean_ms, seen.day_left, seen.counting


def digests(settings: Settings, store: Store, location: str) -> dict[str, str]:
    """Fingerprints of the rules of a location and of the settings that decide over what is written.

    Raises:
        DatabaseDown: no answer.
    """
    from contacts.policy import to_json
    from contacts.store import policies, rulesets
    from producers.plan_file import digest_of

    with store.read() as tx:
        rules = [to_json(policies.of(tx, location)), rulesets.written(tx, location)]
    chosen = {name: str(getattr(settings, name)) for name in SETTINGS}
    return {"rules": digest_of(rules), "settings": digest_of(chosen)}


# ---------------------------------------------------------------- planning


def of_file(asked: Asked, copy: Copy, basis: Basis) -> Plan:
    """What a backfill of the file would do.

    Raises:
        UsageError: file or mapping cannot be used, or the CRM cannot be read.
    """
    from producers.cli import backfill

    _dictionary(asked, copy)
    aside = replace(asked, rejects=copy.folder / "rejects.csv")
    ended = backfill.read_in(copy.door, copy.place, aside)
    found = _rehearse(copy, ended.run, quiet=asked.json)
    return _plan(copy, basis, ended.run, found, rejects=ended.rejects)


def of_walk(copy: Copy, basis: Basis, *, quiet: bool) -> Plan:
    """What a reconciliation would do.

    Raises:
        UsageError: one is under way, or the CRM cannot be read.
    """
    from producers import walks

    door = copy.door
    run = walks.begin(door.store, door.settings, copy.place.id, since=basis.since)
    return _plan(copy, basis, run, _rehearse(copy, run, quiet=quiet), rejects=None)


def _dictionary(asked: Asked, copy: Copy) -> None:
    """Read the location's custom fields, where the mapping names one that is not known."""
    from producers import custom

    if not custom.named(asked.export):
        return
    known = copy.door.known(copy.place)
    if known.custom is None or custom.unknown(asked.export, known.custom, copy.place.id):
        _rehearse(copy, 0, quiet=True)


def _rehearse(copy: Copy, run: int, *, quiet: bool) -> dict[str, Any]:
    """Have the copy's jobs done; run 0: only the location's custom fields are read.

    Raises:
        UsageError: it did not come to its end; says why.
    """
    now = copy.door.store.clock()
    request, out = copy.folder / "request.json", copy.folder / "found.json"
    asked = {
        "database": copy.door.settings.database,
        "out": str(out),
        "run": run,
        "location": copy.place.id,
        "ahead_s": copy.known.ahead_s,
        "mean_ms": copy.known.mean_ms,
        "left_today": copy.known.left_today,
        "counts": copy.known.counting,
        "of_the_day": DAY_S - now % DAY_S,
    }
    request.write_bytes(orjson.dumps(asked))
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, str(request)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A folder of the person's called "worker" must not be taken for ours.
        env=os.environ | {"PYTHONSAFEPATH": "1"},
    )
    try:
        _listen(process, quiet=quiet)
        said = process.stderr.read().decode() if process.stderr else ""
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if code:
        raise UsageError(said.strip() or f"the rehearsal ended with code {code}")
    found: dict[str, Any] = orjson.loads(out.read_bytes())
    return found


def _listen(process: subprocess.Popen[bytes], *, quiet: bool) -> None:
    """Say how far it is, on one line of a terminal."""
    assert process.stdout is not None
    shown = sys.stderr.isatty() and not quiet
    for line in process.stdout:
        if shown:
            what, done, total = orjson.loads(line)
            of = f" of {number(total)}" if total else ""
            words = "pages of the CRM read" if what == "pages" else "jobs rehearsed"
            sys.stderr.write(f"\r\x1b[K{number(done)}{of} {words}")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\x1b[K")


# ---------------------------------------------------------------- what was found


def _plan(
    copy: Copy, basis: Basis, run: int, found: Mapping[str, Any], *, rejects: Path | None
) -> Plan:
    from contacts.plans import Touched, tally
    from contacts.store import findings, ledger_view, runs
    from producers.plan_file import Plan

    store = copy.door.store
    over = runs.get(store, run)
    assert over is not None
    touched = [Touched.read(one) for one in found["touched"]]
    fields = findings.by_field(store, over)
    rows, listed = _rejected(rejects)
    sums = {
        "read": over.counts,
        "writes": tally(touched),
        "fields": fields,
        "conflicts": [
            {"contact": c.contact, "field": c.name, "lost": c.side, "by": c.by}
            for c in findings.conflicts(store, over)
        ],
        "conflicts_total": sum(one.get("conflict", 0) for one in fields.values()),
        "parked": [
            {"code": code, "jobs": n, "reason": reason}
            for code, n, reason in ledger_view.parked_reasons(store, run=run)
        ],
        "rejects": listed,
        "rejects_total": rows,
        **{name: value for name, value in found.items() if name != "touched"},
    }
    sums["asks"] = found["asked"] or _asks(copy, touched)
    return Plan(basis, store.clock(), sums, touched)


def _asks(copy: Copy, touched: list[Any]) -> dict[str, int]:
    """What a run would do to so many contacts that somebody has to say yes: the bounds are those of
    reconciliation. Empty: nothing of that."""
    from contacts.store.walk_steps import Guard, linked

    settings = copy.door.settings
    found = {"delete": 0, "blank": 0, "retag": 0}
    for one in touched:
        pairs = one.changes.items()
        if "contact" in one.changes:
            found["delete"] += 1
        elif any(new is None for name, (_, new) in pairs if ":" not in name):
            found["blank"] += 1
        elif any(new is False for name, (_, new) in pairs if name.startswith("tag:")):
            found["retag"] += 1
    with copy.door.store.read() as tx:
        known = linked(tx, copy.place.id)
    bound = Guard(settings.guard_contacts, settings.guard_percent).limit(known)
    total = sum(found.values())
    return {what: n for what, n in found.items() if n} if total > bound else {}


def _rejected(path: Path | None) -> tuple[int, list[dict[str, str]]]:
    """How many rows were rejected, and the first of them with their reasons."""
    import csv

    if path is None:
        return 0, []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    listed = [{"line": row[0], "reason": row[2], "outcome": row[3]} for row in rows[:REJECTS]]
    return len(rows), listed
