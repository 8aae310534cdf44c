"""Two machines whose clocks are 10 s apart, killed one process after the other: do all bounds hold?

    python -m ops.prove.machines
    python -m ops.prove.machines --contacts 120 --postgres postgresql://user@host:5432/postgres

Each machine has a dispatcher, a worker, a beat and a receiver; one is 5 s behind, the other 5 s
ahead. They share a PostgreSQL (a database of our own there, dropped at the end) and a Redis that
three Sentinels watch. Contacts of two locations are backfilled while people edit contacts in the
CRM; one process of each role and Redis's master are killed with -9 in the middle. What is judged is
what the CRM's stand-in saw, and what is in the database by the database's clock.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet
from rich.console import Console
from sqlalchemy import func, select, text

from contacts.contact import Person
from contacts.errors import UsageError
from contacts.jobs import Kind, Lane, Wish
from contacts.settings import load
from contacts.store import accounts, ledger, ledger_view, processes, roster
from contacts.store.cipher import Cipher
from contacts.store.database import Store, migrate, open_store
from contacts.store.tables import calls, contacts, links
from ops import judge
from ops.bench import servers, world
from ops.bench.world import Broken
from ops.judge import Finding, exactly, read_out
from ops.prove.machine import ROLES, Machine
from ops.prove.watched import Watched, watched
from ops.simulator import control

SKEW_S: Final = 5.0

HERE: Final = ("loc_east_school", "loc_west_school")

THREADS: Final = 16
ROOM: Final = 20
LEASE_S: Final = 14.0

SETTINGS: Final = {
    "ROLLBOOK_WORKER_THREADS": str(THREADS),
    "ROLLBOOK_IN_FLIGHT": str(ROOM),
    "ROLLBOOK_LEASE_SECONDS": str(LEASE_S),
    "ROLLBOOK_CONNECT_TIMEOUT": "1",
    "ROLLBOOK_READ_TIMEOUT": "2",
    "ROLLBOOK_SWEEP_SECONDS": "1",
    "ROLLBOOK_LATE_SECONDS": "3",
    "ROLLBOOK_SCAN_SECONDS": "0",
    "ROLLBOOK_RECEIVER_PATIENCE": "2",
}
"""Leases as short as the time-outs allow: a killed worker's jobs are back within the proof."""

TAG: Final = "proved"

EDIT_S: Final = 0.7
"""How often somebody edits a contact in the CRM."""

LATER_S: Final = 8.0
"""Every tenth job is due only so much later: less than the machines' clocks are apart."""

NEAR_S: Final = 0.25
"""Times of two processes that differ by less are the same: half a round trip on a busy machine."""

LIVE_S: Final = 30.0
"""An edit is here by then though a worker died with it: a lease, a sweep, a fail-over, a second
try of its webhook."""

PATIENCE_S: Final = 240.0

Tell = Callable[[str], None]


@dataclass(slots=True)
class Seen:
    """What was seen while they worked, by the database's clock; each the worst of all looks."""

    out: int = 0
    early: int = 0
    leases: int = 0
    pulses: int = 0
    looks: int = 0

    def look(self, store: Store) -> None:
        """Look at all jobs that are out, and at the pulses."""
        with store.read() as tx:
            row = tx.execute(_LOOK, {"near": NEAR_S, "lease": LEASE_S}).one()
        self.out = max(self.out, row.most)
        self.early += row.early
        self.leases += row.leases
        self.pulses += row.pulses
        self.looks += 1


_LOOK: Final = text(
    """
    WITH clock AS (SELECT extract(epoch FROM clock_timestamp()) AS now),
         out AS (SELECT location, lane = 0 AS live, due_at, lease_until
                 FROM jobs WHERE state = 'released')
    SELECT (SELECT coalesce(max(n), 0)
            FROM (SELECT count(*) AS n FROM out GROUP BY location, live) AS each) AS most,
           (SELECT count(*) FROM out, clock WHERE due_at > now + :near) AS early,
           (SELECT count(*) FROM out, clock WHERE lease_until > now + :lease + :near) AS leases,
           (SELECT count(*) FROM processes, clock WHERE seen_at > now + :near) AS pulses
    """
)


@dataclass(slots=True)
class Edits:
    """People who edit contacts in the CRM, one after the other, and when each edit was here."""

    crm: control.Control
    machines: list[Machine]
    made: dict[str, tuple[str, float]] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    number: int = 0
    next_at: float = 0.0

    def edit(self, store: Store) -> None:
        """Edit a linked contact, when it is time; each machine is told in turn."""
        if time.monotonic() < self.next_at:
            return
        self.next_at = time.monotonic() + EDIT_S
        location = HERE[self.number % 2]
        query = select(links.c.remote_id).where(links.c.location == location)
        with store.read() as tx:
            known = [r for r in tx.execute(query.order_by(links.c.contact)).scalars() if r]
        free = [one for one in known if one not in self.made]
        if not free:
            return
        self.number += 1
        machine = self.machines[self.number // 2 % len(self.machines)]
        self.crm.settings(webhooks={"url": machine.receiver, "own_changes": False})
        value = f"https://edit-{self.number}.example"
        self.crm.seed(location, {"id": free[0], "values": {"website": value}})
        self.made[free[0]] = (value, time.monotonic())

    def notice(self, store: Store) -> int:
        """See which edits are here; returns how many are not."""
        waiting = {one: made for one, made in self.made.items() if made[1] > 0}
        query = select(links.c.remote_id, contacts.c.fields).join(
            contacts, contacts.c.id == links.c.contact
        )
        with store.read() as tx:
            rows = tx.execute(query.where(links.c.remote_id.in_(list(waiting)))).all()
        for row in rows:
            value, at = waiting[row.remote_id]
            if row.fields.get("website") == value:
                self.took.append(time.monotonic() - at)
                self.made[row.remote_id] = (value, 0.0)
                del waiting[row.remote_id]
        return len(waiting)


@dataclass(slots=True)
class Stage:
    """Everything of one proof."""

    store: Store
    crm: control.Control
    redis: Watched
    machines: list[Machine]
    seen: Seen = field(default_factory=Seen)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found, and what was done to them."""

    findings: list[Finding]
    kills: list[str]
    seconds: float
    skews: list[float]


# ---------------------------------------------------------------- the stage


@contextlib.contextmanager
def staged(folder: Path, database: str, tell: Tell) -> Iterator[Stage]:
    """Servers, the CRM's stand-in and two machines, all of them working.

    Raises:
        Broken: something did not start.
    """
    migrate(database)
    setting = {
        "locations": [judge.location(one) for one in HERE],
        "tokens": [judge.token(f"pit-{one}", one) for one in HERE],
        "latency": {"kind": "uniform", "low_ms": 20, "high_ms": 200},
    }
    with (
        contextlib.closing(open_store(database, pool_size=2)) as store,
        watched() as redis,
        control.in_process(setting, folder) as crm,
        contextlib.ExitStack() as stack,
    ):
        env = _env(folder, store, database, redis.url, crm)
        machines = [
            Machine(name, skew, folder, env) for name, skew in (("east", -SKEW_S), ("west", SKEW_S))
        ]
        for machine in machines:
            stack.enter_context(machine.stack)
            for role in ROLES:
                machine.start(role)
        stage = Stage(store, crm, redis, machines)
        _until(stage, lambda: processes.slots(store, "worker") == 2 * THREADS, "two workers")
        tell("two machines work")
        yield stage


def _env(
    folder: Path, store: Store, database: str, redis: str, crm: control.Control
) -> dict[str, str]:
    key = Fernet.generate_key().decode()
    cipher = Cipher.from_settings(load(home=folder, secret_key=key))
    with store.write() as tx:
        for one in HERE:
            accounts.ensure_location(tx, one, token=f"pit-{one}", cipher=cipher)
    return world.environment(
        ROLLBOOK_DATABASE_URL=database,
        ROLLBOOK_REDIS_URL=redis,
        ROLLBOOK_CRM_URL=crm.url,
        ROLLBOOK_SECRET_KEY=key,
        ROLLBOOK_WEBHOOK_KEY=str(crm.webhooks()["public_key"]),
        **SETTINGS,
    )


def _until(stage: Stage, is_so: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + world.READY_S
    while not is_so():
        _nobody_ended(stage)
        if time.monotonic() > give_up:
            raise Broken(f"{what} did not come within {world.READY_S:.0f} s")
        time.sleep(0.1)


def _nobody_ended(stage: Stage) -> None:
    for machine in stage.machines:
        if ended := machine.ended():
            raise Broken("ended by itself: " + "\n".join(ended))


# ---------------------------------------------------------------- the play


def prove(folder: Path, database: str, people: int, *, tell: Tell) -> Proof:
    """Let them work, kill one of each, wait until all is done, and judge.

    Args:
        people: contacts of each location.

    Raises:
        Broken: something did not start, ended by itself, or was not done in four minutes.
    """
    with staged(folder, database, tell) as stage:
        skews = [machine.tells() for machine in stage.machines]
        edits = Edits(stage.crm, stage.machines)
        began = time.monotonic()
        owed = sum(_put(stage.store, one, people) for one in HERE)
        kills = _play(stage, edits, owed, tell)
        seconds = time.monotonic() - began
        findings = _findings(stage, edits, people)
    return Proof(findings, kills, seconds, skews)


def _put(store: Store, location: str, number: int) -> int:
    """Contacts, each with a push and a tag; every tenth one's are due a little later."""
    some = [
        Person(
            {"email": f"{location}{n:05}@example.org", "first_name": f"Person {n}"},
            add_tags=frozenset({TAG}),
        )
        for n in range(number)
    ]
    with store.write() as tx:
        now = store.clock()
        known = [one.contact for one in roster.upsert(tx, location, some, now=now)]
        wishes = [
            Wish(kind, location, contact, lane=Lane.BULK, due_at=now + LATER_S * (n % 10 == 0))
            for n, contact in enumerate(known)
            for kind in (Kind.PUSH, Kind.TAG)
        ]
        return ledger.put(tx, wishes, now=now)


def _play(stage: Stage, edits: Edits, owed: int, tell: Tell) -> list[str]:
    """Kill and bring back while they work, until nothing is owed and every edit is here."""
    left, kills = _kills(stage), list[str]()
    back: Callable[[], None] | None = None
    back_at = 0.0
    give_up = time.monotonic() + PATIENCE_S
    while True:
        stage.seen.look(stage.store)
        counts, waiting = ledger_view.counts(stage.store), edits.notice(stage.store)
        if back is not None and time.monotonic() > back_at:
            back()
            back = None
        if back is None:
            _nobody_ended(stage)
        if left:
            edits.edit(stage.store)
            if back is None and counts.done >= owed * (len(kills) + 1) / (
                len(left) + len(kills) + 1
            ):
                name, kill, back = left.pop(0)
                tell(f"{counts.done} of {owed} jobs are done: kill -9 of {name}")
                kill()
                kills.append(name)
                back_at = time.monotonic() + 1.0
        elif back is None and not counts.open and not waiting:
            return kills
        if time.monotonic() > give_up:
            raise Broken(
                f"after {PATIENCE_S:.0f} s {counts.open} jobs and {waiting} edits are open"
            )
        time.sleep(0.1)


Kill = tuple[str, Callable[[], object], Callable[[], None]]


def _kills(stage: Stage) -> list[Kill]:
    """(of what, how, how it comes back), in the order in which it happens."""
    east, west = stage.machines
    killed: list[int] = []

    def of(machine: Machine, role: str) -> Kill:
        return (
            f"{role} {machine.name}",
            lambda: machine.kill(role),
            lambda: machine.start(role),
        )

    def lead() -> None:
        stage.redis.until_another_leads(killed[0])
        stage.redis.bring_back(killed[0])

    return [
        of(west, "dispatcher"),
        of(east, "worker"),
        ("redis master", lambda: killed.append(stage.redis.kill_master()), lead),
        of(east, "beat"),
        of(west, "receiver"),
    ]


# ---------------------------------------------------------------- the verdict


def _findings(stage: Stage, edits: Edits, people: int) -> list[Finding]:
    report, seen = stage.crm.report(), stage.seen
    theirs = [one for here in HERE for one in stage.crm.contacts(here)]
    tagged = sum(one["tags"] == [TAG] for one in theirs)
    edited = {one["id"]: one.get("website") for one in theirs}
    kept = sum(edited.get(remote) == value for remote, (value, _) in edits.made.items())
    slowest = max(edits.took, default=0.0)
    again = _begun_again(stage.store)
    return [
        exactly("contacts in the CRM", len(theirs), 2 * people),
        exactly("contacts twice", report["duplicate_contacts"], 0),
        exactly("of them with their tag, once", tagged, 2 * people),
        exactly("edits of people that are kept there and here", kept, len(edits.made)),
        Finding("edits", "≥ 5", str(len(edits.made)), len(edits.made) >= 5),
        Finding("slowest edit, s", f"≤ {LIVE_S:g}", f"{slowest:.1f}", slowest <= LIVE_S),
        exactly("jobs parked", ledger_view.counts(stage.store).parked, 0),
        exactly("answers 429", report["refused_429"], 0),
        judge.speed(report),
        Finding("jobs of a location and lane out at once", f"≤ {ROOM}", str(seen.out),
                seen.out <= ROOM),
        Finding("jobs with calls of two workers", f"≤ {THREADS}", str(again), again <= THREADS),
        exactly("jobs out before they were due", seen.early, 0),
        exactly("leases longer than they may be", seen.leases, 0),
        exactly("pulses from the future", seen.pulses, 0),
    ]  # fmt: skip


def _begun_again(store: Store) -> int:
    """Jobs for which two workers called: only what a killed one had in its hands."""
    several = (
        select(calls.c.job)
        .where(calls.c.job.is_not(None))
        .group_by(calls.c.job)
        .having(func.count(calls.c.worker.distinct()) > 1)
        .subquery()
    )
    with store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(several)).scalar_one())


def main() -> int:
    """Print what was seen; exit code 1 when something is out of its bound, 2 without PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.machines", description=__doc__)
    parser.add_argument("--contacts", type=int, default=600, help="of each location (600)")
    parser.add_argument(
        "--postgres",
        default=os.environ.get(
            "ROLLBOOK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres"
        ),
        help="a server on which we may make a database (ROLLBOOK_TEST_POSTGRES)",
    )
    options = parser.parse_args()
    console = Console(highlight=False)
    try:
        with (
            servers.database(options.postgres) as database,
            tempfile.TemporaryDirectory(prefix="rollbook-machines-") as folder,
        ):
            assert database is not None
            proof = prove(Path(folder), database, options.contacts, tell=console.print)
    except UsageError as error:
        console.print(f"python -m ops.prove.machines: {error}")
        return 2
    skews = " and ".join(f"{skew:+.1f} s" for skew in proof.skews)
    console.print(f"clocks off by {skews}; killed: {', '.join(proof.kills)}; {proof.seconds:.0f} s")
    return 0 if read_out(proof.findings, console.print) else 1


if __name__ == "__main__":
    sys.exit(main())
