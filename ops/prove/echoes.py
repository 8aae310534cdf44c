"""Are echoes recognised, and is nobody's edit taken for one? 50,000 webhooks under virtual time.

    python -m ops.prove.echoes
    python -m ops.prove.echoes --events 5000 --seed 4711

Two schools of 400 contacts for some weeks: the platform changes fields and tags, people edit in the
CRM, back to older values among them, and in fields that webhooks do not show. Every change there,
ours too, causes a webhook that comes 0 to 72 hours late, a fifth of them twice, in any order.

Half of the contacts are edited by people in other fields than the platform's: there every write of
ours must be one that the platform caused. In the other half both change the same field, so that
writes meet edits that nobody here has seen yet. Exit code 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import heapq
import json
import logging
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contacts.jobs import Ticket
from contacts.store import cards, history
from ops.prove import stage
from ops.prove.school import School
from ops.simulator.world import Contact

SCHOOLS: Final = 2
CONTACTS: Final = 400
LATEST_S: Final = 72 * 3600.0
TWICE: Final = 0.2
HASTY: Final = 0.1
"""How often a person edits a contact within seconds of our write."""

TICK_S: Final = 600.0
"""How often what is due is delivered and worked."""

CITIES: Final = tuple(f"City {n}" for n in range(6))
"""So few that an edit is often back to an older value."""

APART: Final = {"first_name": "firstName", "address1": "address1", "timezone": "timezone"}
"""Fields that only people edit, with the CRM's names; webhooks do not show the time zone."""

SHARED: Final = "state"
"""What both change, in one half of the contacts."""


FIELDS: Final = {**APART, SHARED: SHARED, "city": "city"}

LABELS: Final = tuple(f"label {n}" for n in range(5))
"""Tags that only people put on and take off."""

Known = list[tuple[float, str | None]]
"""What something was, and from when on."""


@dataclass(slots=True)
class Watch:
    """Everything that happened, to judge by.

    Attributes:
        due: webhooks on their way: (when they come, number, body).
        there: who set a field of a contact of the CRM to what, in order: (when, value, is it ours).
        here: what ours was.
        unseen: contacts there that a person changed since an answer last showed them to us.
        owed: who has to be pushed, or to be tagged, because the platform said something.
    """

    school: School
    contacts: int
    due: list[tuple[float, int, bytes]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    there: dict[tuple[str, str], list[tuple[float, str, bool]]] = field(default_factory=dict)
    here: dict[tuple[int, str], Known] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    remotes: dict[int, str] = field(default_factory=dict)
    owed: set[tuple[int, str]] = field(default_factory=set)
    number: int = 0

    def touched(self, old: Contact | None, new: Contact, ours: bool) -> None:
        """A contact there changed: note which fields, and who did it."""
        for name, crm in FIELDS.items():
            value = new.values.get(crm)
            if value is not None and (old is None or old.values.get(crm) != value):
                edits = self.there.setdefault((new.id, name), [])
                edits.append((self.school.clock(), value, ours))
        if not ours:
            self.unseen.add(new.id)

    def told(self, body: bytes, remote: str, ours: bool) -> None:
        """A webhook was made: it goes on its way, or its ways."""
        del remote
        self.counts["echoes" if ours else "of people's edits"] += 1
        for _ in range(2 if self.school.random.random() < TWICE else 1):
            self.number += 1
            late = self.school.random.uniform(0, LATEST_S)
            heapq.heappush(self.due, (self.school.clock() + late, self.number, body))

    def worked(self, ticket: Ticket, calls: Sequence[str]) -> None:
        """A job was done: was each of its calls needed?"""
        remote = self.remotes.get(ticket.contact, "")
        for name in calls:
            self.counts[f"calls {name}"] += 1
            if name == "location.get":
                continue  # whether it refuses doubles, once in an hour
            if name == "contact.get":
                self.counts["reads for nothing"] += remote not in self.unseen
            else:
                self._wrote(ticket.contact, "tags" if "tags" in name else "fields")
            if "tags" not in name:
                self.unseen.discard(remote)
        self._look(ticket.contact)

    def _wrote(self, contact: int, what: str) -> None:
        if (contact, what) not in self.owed:
            self.counts["writes that nobody asked for"] += 1
        self.owed.discard((contact, what))

    def _look(self, contact: int) -> None:
        """Note what ours is now, and whether an edit that we wrote over has to go back."""
        with self.school.store.read() as tx:
            fields = cards.load(tx, contact).fields
            lost = history.of(tx, contact)
        now = self.school.clock()
        for name in FIELDS:
            seen = self.here.setdefault((contact, name), [])
            value = fields.get(name)
            text = None if value is None else str(value)
            if not seen or seen[-1][1] != text:
                seen.append((now, text))
        if any((one.cause, one.side, one.at) == ("overwritten", "ours", now) for one in lost):
            self.owed.add((contact, "fields"))

    def platform(self, contact: int, email: str, **said: Any) -> None:
        """The platform says something of somebody."""
        found = self.school.platform_says(email, **said)
        for what, owed in (("fields", found.owes_push), ("tags", found.owes_tags)):
            (self.owed.add if owed else self.owed.discard)((contact or found.contact, what))

    def deliver(self, until: float) -> None:
        """Let come in what is due by then, and work all there is."""
        self.counts["deliveries"] += stage.deliver(self.school, self.due, until)


def run(events: int, seed: int, contacts: int = CONTACTS) -> Counter[str]:
    """All schools, as many at a time as there are cores; returns their counts together."""
    seeds = [seed * SCHOOLS + n for n in range(SCHOOLS)]
    sizes = [events // SCHOOLS] * SCHOOLS, seeds, [contacts] * SCHOOLS
    return stage.together(play, *sizes, level=logging.WARNING)


def play(events: int, seed: int, contacts: int = CONTACTS) -> Counter[str]:
    """One school, until so many webhooks were made and all have come; returns the counts."""
    random = Random(seed)
    with stage.in_memory(random) as school:
        watch = Watch(school, contacts)
        school.told, school.touched, school.worked = watch.told, watch.touched, watch.worked
        _enrol(watch)
        while watch.counts["echoes"] + watch.counts["of people's edits"] < events:
            _act(watch)
            if random.random() < 0.2:
                watch.deliver(school.clock() + TICK_S)
        while watch.due:
            watch.deliver(max(school.clock(), watch.due[0][0]) + TICK_S)
        _judge(watch)
        return watch.counts


def _enrol(watch: Watch) -> None:
    school = watch.school
    for n in range(1, watch.contacts + 1):
        watch.platform(n, _email(n), add=("student",), city=CITIES[0], state=CITIES[0])
    school.work()
    for n in range(1, watch.contacts + 1):
        with school.store.read() as tx:
            watch.remotes[n] = str(cards.load(tx, n).remote_id)


def _email(contact: int) -> str:
    return f"student{contact}@example.org"


def _act(watch: Watch) -> None:
    """Somebody does something, some minutes later; sometimes a person right after our write."""
    school, random = watch.school, watch.school.random
    school.clock.now += random.uniform(1, 240)
    contact = random.randint(1, watch.contacts)
    chance = random.random()
    if chance < 0.55:
        _platform(watch, contact)
    if chance < HASTY:
        school.work()
        school.clock.now += random.uniform(0.5, 40)
    if chance < HASTY or chance >= 0.55:
        _person(watch, contact)


def _platform(watch: Watch, contact: int) -> None:
    random = watch.school.random
    said: dict[str, Any] = {_shared(watch, contact) or "city": random.choice(CITIES)}
    if random.random() < 0.25:
        said = {"add": (f"course {random.randrange(40)}",)}
    watch.platform(contact, _email(contact), **said)


def _shared(watch: Watch, contact: int) -> str | None:
    """The field that both sides change, now and then, and in every other contact."""
    return SHARED if contact % 2 == 1 and watch.school.random.random() < 0.3 else None


def _person(watch: Watch, contact: int) -> None:
    school, random = watch.school, watch.school.random
    remote = watch.remotes[contact]
    known = school.world.find(remote)
    assert known is not None
    if random.random() < 0.2:
        label = random.choice(LABELS)
        tags = set(known.tags) ^ {label}
        school.person_edits(remote, tags=tuple(sorted(tags)))
        return
    crm = _shared(watch, contact) or APART[random.choice(tuple(APART))]
    value = random.choice([one for one in CITIES if one != known.values.get(crm)])
    school.person_edits(remote, values={crm: value})


# ---------------------------------------------------------------- the judge


def _judge(watch: Watch) -> None:
    school = watch.school
    for contact, remote in watch.remotes.items():
        there = school.world.find(remote)
        assert there is not None
        with school.store.read() as tx:
            fields = cards.load(tx, contact).fields
            lost = history.of(tx, contact)
        tags = school.tags(contact)
        same = all(fields.get(name) == there.values.get(crm) for name, crm in FIELDS.items())
        watch.counts["contacts that differ at the end"] += not same or tags != set(there.tags)
        for name in FIELDS:
            watch.counts["edits swallowed"] += _swallowed(watch, contact, remote, name, lost)


def _swallowed(
    watch: Watch, contact: int, remote: str, name: str, lost: Sequence[history.Loss]
) -> int:
    """People's edits of a field that were never ours, and that no history knows of. An edit that
    a person replaced by another one says nothing."""
    edits = watch.there.get((remote, name), [])
    seen = watch.here.get((contact, name), [])
    swallowed = 0
    for place, (at, value, ours) in enumerate(edits):
        ended_by_us = place + 1 == len(edits) or edits[place + 1][2]
        if ours or not ended_by_us:
            continue
        known = any(
            text == value and (since >= at or until > at)
            for (since, text), until in zip(
                seen, [*(t for t, _ in seen[1:]), math.inf], strict=True
            )
        )
        kept = any((one.name, one.lost) == (name, value) and one.at >= at for one in lost)
        swallowed += not known and not kept
    return swallowed


BOUNDS: Final = {
    "edits swallowed": 0.0,
    "writes that nobody asked for": 0.0,
    "contacts that differ at the end": 0.0,
    "reads for nothing": 0.02,
}
"""What must hold, as a share of the webhooks that were made."""


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.echoes")
    parser.add_argument("--events", type=int, default=50_000, help="webhooks to be made")
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="of each of the schools")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(words)
    began = time.monotonic()
    counts = run(options.events, options.seed, options.contacts)
    made = counts["echoes"] + counts["of people's edits"]
    broken = [name for name, share in BOUNDS.items() if counts[name] > share * made]
    if options.json:
        print(json.dumps({**counts, "made": made, "broken": broken}))  # noqa: T201
    else:
        _show(counts, made, broken, time.monotonic() - began)
    return 1 if broken else 0


def _show(counts: Counter[str], made: int, broken: Sequence[str], seconds: float) -> None:
    table = Table("What", "Count", "Of the webhooks", title=f"{made:,} webhooks, {seconds:.0f} s")
    for name in [*sorted(set(counts) - set(BOUNDS)), *BOUNDS]:
        mark = " [red]too many[/red]" if name in broken else ""
        table.add_row(name, f"{counts[name]:,}", f"{counts[name] / made:.2%}{mark}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
