"""Can a write be trusted whose answer is lost, comes late, or says less than was sent?

    python -m ops.prove.writes
    python -m ops.prove.writes --contacts 10000

First part, virtual time: of the creates of contacts and notes 20 % take effect and the answer is
lost, 10 % are lost before, 5 % take effect 30 to 60 s after we gave up; in a location that refuses
doubles, in one that allows them, and in one where nothing is late.

Second part: the CRM leaves out, cuts and tidies up texts with a 200, and says 422 to what it did.
Exit code 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from rich.console import Console

from contacts.contact import Person
from contacts.jobs import Lane, Ticket
from contacts.store import cards, ledger, ledger_view, roster, roster_view
from ops.judge import Finding, exactly, read_out
from ops.prove import stage
from ops.prove.school import HERE, School
from ops.simulator.faults import Fault
from worker.crm import operations as op
from worker.crm.operations import Operation

APPLIED: Final = Fault(kind="drop", when="after")
NEVER: Final = Fault(kind="drop", when="before")
LATE: Final = Fault(kind="drop", when="late", late_ms=60_000)
LIE: Final = Fault(kind="error", when="after", status=422, message="Unprocessable Entity")

READS: Final = (op.FIND, op.GET, op.NOTES, op.LIST)

TICK_S: Final = 3.0
OUTLIVES_S: Final = 120.0
"""How long something may be there twice, seconds."""

SETTLES_S: Final = 600.0
"""Longer than any backoff of the few attempts that are needed, and the second look after it."""

SCHOOLS: Final[dict[str, tuple[Mapping[str, Any], float]]] = {
    "doubles refused": ({}, 0.05),
    "doubles allowed": ({"allow_duplicates": True}, 0.05),
    "doubles allowed, nothing late": ({"allow_duplicates": True}, 0.0),
}
"""The location's settings, and the share of creates that are late."""

MANGLING: Final = {"drop_chance": 0.03, "cut_chance": 0.03, "tidy_chance": 0.1}


@dataclass(slots=True)
class Watch:
    """What is there twice, since when; and what it cost.

    Attributes:
        since: when something was first seen twice: (the contact's email, its text or "").
        lived: how long each that is gone was there, seconds.
    """

    school: School
    late: float
    counts: Counter[str] = field(default_factory=Counter)
    since: dict[tuple[str, str], float] = field(default_factory=dict)
    lived: list[float] = field(default_factory=list)

    def strikes(self, operation: Operation) -> Fault | None:
        """Count a read; what goes wrong with a create."""
        self.counts["reads"] += operation in READS
        if operation not in (op.CREATE, op.CREATE_NOTE):
            return None
        chance = self.school.random.random()
        for fault, share in ((APPLIED, 0.2), (NEVER, 0.1), (LATE, self.late)):
            if chance < share:
                self.counts["ambiguous writes"] += 1
                return fault
            chance -= share
        return None

    def failed(self, ticket: Ticket, shown: str) -> None:
        """It comes back; a person is never asked."""
        del ticket
        self.counts["parked"] += shown.startswith("Parked")

    def look(self) -> None:
        """What is there twice now?"""
        school = self.school
        school.standin.catch_up()
        now, twice = school.clock(), Counter[tuple[str, str]]()
        for one in school.world.books[HERE].contacts.values():
            if not one.deleted:
                email = str(one.values.get("email"))
                twice[email, ""] += 1
                twice.update((email, note.body) for note in one.notes)
        found = {key for key, times in twice.items() if times > 1}
        for key in found - self.since.keys():
            self.since[key] = now
            self.counts["was there twice"] += 1
        for key in self.since.keys() - found:
            self.lived.append(now - self.since.pop(key))

    def pass_by(self, seconds: float) -> None:
        """Time passes, and what is due is worked."""
        until = self.school.clock() + seconds
        while self.school.clock() < until:
            self.school.clock.now += TICK_S
            self.school.work()
            self.look()


def ambiguous(name: str, contacts: int, seed: int) -> list[Finding]:
    """One location; each contact has a note."""
    place, late = SCHOOLS[name]
    with stage.in_memory(Random(seed), place=place) as school:
        watch = Watch(school, late)
        school.wire.strikes = watch.strikes
        school.failed = watch.failed
        for first in range(0, contacts, 50):
            _enrol(school, range(first, min(first + 50, contacts)))
            school.work()
            watch.pass_by(TICK_S)
        watch.pass_by(SETTLES_S)
        return [_named(name, one) for one in _judge(watch, contacts)]


def _enrol(school: School, numbers: range) -> None:
    people = [
        Person(
            {"email": f"student{n}@example.org", "first_name": "Ada", "last_name": f"No {n}"},
            notes=(f"Enrolled {n}",),
        )
        for n in numbers
    ]
    now = school.clock()
    with school.store.write() as tx:
        done = roster.upsert(tx, HERE, people, now=now)
        ledger.put(tx, roster.wishes(HERE, done, lane=Lane.BULK), now=now)


def _judge(watch: Watch, contacts: int) -> list[Finding]:
    school, counts = watch.school, watch.counts
    living = [one for one in school.world.books[HERE].contacts.values() if not one.deleted]
    noted = {(str(one.values["email"]), note.body) for one in living for note in one.notes}
    longest = max([*watch.lived, *(school.clock() - at for at in watch.since.values())], default=0)
    # Where doubles are allowed each contact is looked for once, whatever happens to its create.
    usual = contacts if school.world.config.locations[0].allow_duplicates else 0
    share = (counts["reads"] - usual) / max(counts["ambiguous writes"], 1)
    twice = "some" if watch.late else "0"
    return [
        exactly("contacts missing", contacts - len({str(c.values["email"]) for c in living}), 0),
        exactly("notes missing", contacts - len(noted), 0),
        exactly("there twice at the end", len(watch.since), 0),
        Finding("was there twice for a while", twice, str(counts["was there twice"]),
                bool(watch.late) or counts["was there twice"] == 0),
        Finding("longest", f"≤ {OUTLIVES_S:.0f} s", f"{longest:.0f} s", longest <= OUTLIVES_S),
        Finding("extra reads for an ambiguous write", "≤ 2", f"{share:.2f}", share <= 2),
        exactly("jobs parked", counts["parked"], 0),
        exactly("jobs still open", ledger_view.counts(school.store).open, 0),
    ]  # fmt: skip


# ---------------------------------------------------------------- what the CRM makes of values

CITIES: Final = ("new york", "los angeles", "San José", "bad homburg", "old sarum")
STREETS: Final = ("12 main street", "7 St James's Square", "high street 1")
SITES: Final = ("ada.example.org", "https://bob.example.org", "cleo.example.org/about")


def verified(contacts: int, seed: int) -> list[Finding]:
    """Each contact is made and changed four times by a CRM that keeps what it likes."""
    random = Random(seed)
    with stage.in_memory(random, mangling=MANGLING) as school:
        seen = Counter[str]()

        def strikes(operation: Operation) -> Fault | None:
            writes = operation in (op.CREATE, op.UPDATE)
            lies = writes and random.random() < 0.02
            seen["writes"] += writes
            seen["reads"] += operation in READS
            seen["422 for what was done"] += lies
            return LIE if lies else None

        def worked(_: Ticket, calls: Sequence[str]) -> None:
            seen["jobs"] += bool(calls)

        def failed(_: Ticket, __: str) -> None:
            seen["jobs"] += 1  # it called, and its calls are not told to `worked`

        school.wire.strikes, school.worked, school.failed = strikes, worked, failed
        for _ in range(5):
            for n in range(contacts):
                said: dict[str, Any] = {
                    "city": random.choice(CITIES), "address1": random.choice(STREETS),
                    "website": random.choice(SITES),
                }  # fmt: skip
                school.platform_says(f"student{n}@example.org", **said)
            school.clock.now += 3600
            school.work()
        writes, reads = seen["writes"], seen["reads"]
        with school.store.write() as tx:
            for wishes in roster_view.owed(school.store):
                ledger.put(tx, wishes, now=school.clock())
        school.work()
        night, lies = seen["writes"] + seen["reads"], seen["422 for what was done"]
        asked = {one.contact for one in ledger_view.parked(school.store, limit=10**6)}
        return [
            *_compare(school, asked),
            exactly("calls for what the CRM keeps otherwise, at night", night - writes - reads, 0),
            Finding("writes beyond one a job", f"≤ {writes // 1000}", str(writes - seen["jobs"]),
                    writes - seen["jobs"] <= writes // 1000),
            Finding("reads: a 422 for what was done costs two", f"≤ {2 * lies}", str(reads),
                    reads <= 2 * lies),
        ]  # fmt: skip


def _compare(school: School, asked: set[int]) -> list[Finding]:
    """Each field of everybody: what the CRM made of it last, and what we say of it.

    Args:
        asked: contacts of which a person was asked: a 422 after which nothing was other than before
            is a refusal, for all that anybody can see.
    """
    last: dict[tuple[str, str], str] = {}
    for contact, name, what in school.world.mangled:
        last[contact, name] = what
    told: Counter[str] = Counter()
    made = {one.contact: one.made for one in roster_view.dropped(school.store, HERE, limit=10**6)}
    for ours, remote in _links(school).items():
        there = school.world.find(remote)
        assert there is not None
        with school.store.read() as tx:
            fields = cards.load(tx, ours).fields
        for name, crm in (("city", "city"), ("address1", "address1"), ("website", "website")):
            differs = fields.get(name) != there.values.get(crm)
            word = made.get(ours, {}).get(name)
            told["differ"] += differs
            told["differ and are told"] += differs and (word is not None or ours in asked)
            told["told, and the same"] += word is not None and not differs
            told["tidied up, and told as a loss"] += last.get((remote, crm)) == "tidied" and (
                word is not None
            )
    return [
        Finding("values that the CRM did not keep, told by name", str(told["differ"]),
                str(told["differ and are told"]), told["differ"] == told["differ and are told"]),
        Finding("values that it did not keep", "some", str(told["differ"]), told["differ"] > 0),
        exactly("false alarms", told["told, and the same"], 0),
        exactly("tidied up, and told as a loss", told["tidied up, and told as a loss"], 0),
    ]  # fmt: skip


def _links(school: School) -> dict[int, str]:
    with school.store.read() as tx:
        ids = range(1, roster_view.counts(school.store)["contacts"] + 1)
        return {n: str(cards.load(tx, n).remote_id) for n in ids}


# ---------------------------------------------------------------- all of it


def _named(name: str, one: Finding) -> Finding:
    return Finding(f"{name}: {one.what}", one.bound, one.value, one.good)


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.writes", description=__doc__)
    parser.add_argument("--contacts", type=int, default=1000, help="each with a note (1,000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    console, began = Console(highlight=False), time.monotonic()
    with stage.pool(len(SCHOOLS) + 1) as pool:
        parts = [pool.submit(ambiguous, name, options.contacts, options.seed) for name in SCHOOLS]
        parts.append(pool.submit(verified, options.contacts, options.seed))
        findings = [one for part in parts for one in part.result()]
    good = read_out(findings, console.print)
    console.print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
