"""Is every change found that no webhook told of, and what does it cost? Under virtual time.

    python -m ops.prove.reconcile
    python -m ops.prove.reconcile --contacts 2000 --hours 8

First some hours of a school whose people edit in the CRM all day, while 30 % of the webhooks never
come: how long does a difference last, and what share of the day's calls is used to find it? The
search's index is 30 s late. Deletions are not part of it: no list of changes shows them.

Then nights: with nothing changed, with some contacts and tags changed, with workers that die at a
page; by both lists. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contacts.jobs import Kind
from contacts.store import audit, ledger, runs, walks
from contacts.store.tables import contacts as contact_table
from contacts.store.tables import links
from contacts.store.walks import Way
from ops.prove import stage
from ops.prove.school import HERE, School
from ops.simulator.seeding import Seed, Seeds, seed
from ops.simulator.world import Contact
from worker import nights

LOST: Final = 0.3
DAY_CALLS: Final = 200_000
TICK_S: Final = 60.0
EDITED_A_DAY: Final = 0.4
"""Edits in a day, for each contact."""
TAGS: Final = 0.1
"""Edits that are of tags."""
INDEX_LAG_S: Final = 30.0
CITIES: Final = tuple(f"City {n}" for n in range(50))
PAGES: Final = {Way.LIST: 100, Way.SEARCH: 500}


@dataclass(frozen=True, slots=True)
class Goal:
    """One bound, and what was seen."""

    name: str
    bound: float
    measured: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.bound


@dataclass(slots=True)
class Watch:
    """Which differences there are, and how long the others lasted.

    Attributes:
        open: what a contact there has to be here, and since when: (since, value, was it lost).
        ages: of differences whose webhook was lost, seconds.
        all_ages: of all.
        due: webhooks on their way.
    """

    school: School
    open: dict[tuple[str, str], tuple[float, Any, bool]] = field(default_factory=dict)
    ages: list[float] = field(default_factory=list)
    all_ages: list[float] = field(default_factory=list)
    due: list[bytes] = field(default_factory=list)
    lost: int = 0

    def told(self, body: bytes, remote: str, ours: bool) -> None:
        """A webhook was made: it comes, or never."""
        if self.school.random.random() >= LOST:
            self.due.append(body)
            return
        self.lost += 1
        if not ours:
            for key in [one for one in self.open if one[0] == remote]:
                since, value, _ = self.open[key]
                self.open[key] = (since, value, True)

    def edit(self, remote: str) -> None:
        """Somebody edits a contact there."""
        school, random = self.school, self.school.random
        known = school.world.find(remote)
        assert known is not None
        now = school.clock()
        if random.random() < TAGS:
            tags = tuple(sorted(set(known.tags) ^ {f"label {random.randrange(5)}"}))
            self.open[remote, "tags"] = (self._since(remote, "tags"), set(tags), False)
            school.person_edits(remote, tags=tags)
            return
        city = random.choice([one for one in CITIES if one != known.values.get("city")])
        self.open[remote, "city"] = (now, city, False)
        school.person_edits(remote, values={"city": city})

    def _since(self, remote: str, name: str) -> float:
        found = self.open.get((remote, name))
        return found[0] if found else self.school.clock()

    def look(self) -> None:
        """Which differences are over by now?"""
        from sqlalchemy import select

        remotes = sorted({remote for remote, _ in self.open})
        ours: dict[str, tuple[int, dict[str, Any]]] = {}
        with self.school.store.read() as tx:
            for start in range(0, len(remotes), 500):
                query = (
                    select(links.c.remote_id, links.c.contact, contact_table.c.fields)
                    .select_from(links.join(contact_table, contact_table.c.id == links.c.contact))
                    .where(
                        links.c.location == HERE,
                        links.c.remote_id.in_(remotes[start : start + 500]),
                    )
                )
                ours |= {row.remote_id: (row.contact, row.fields) for row in tx.execute(query)}
        now = self.school.clock()
        for (remote, name), (since, value, lost) in list(self.open.items()):
            contact, fields = ours[remote]
            has = self.school.tags(contact) if name == "tags" else fields.get(name)
            if has == value:
                del self.open[remote, name]
                self.all_ages.append(now - since)
                if lost:
                    self.ages.append(now - since)


def populate(school: School, number: int) -> list[str]:
    """So many contacts that both sides agree on; returns the CRM's ids."""
    people = [
        {"email": f"s{n}@example.com", "firstName": "Ada", "lastName": f"Mc{n}", "city": CITIES[0]}
        for n in range(number)
    ]
    made = seed(
        school.world,
        Seeds(
            location=HERE,
            contacts=tuple(Seed(values=one, added_ms=n) for n, one in enumerate(people, start=1)),
        ),
    )["ids"]
    now = school.clock()
    fields = [
        {
            "email": one["email"],
            "first_name": "Ada",
            "last_name": one["lastName"],
            "city": CITIES[0],
        }
        for one in people
    ]
    with school.store.write() as tx:
        tx.execute(
            contact_table.insert(),
            [
                {
                    "id": n,
                    "location": HERE,
                    "email": one["email"],
                    "fields": one,
                    "changed_at": now,
                    "moved_at": {},
                    "said": {},
                }
                for n, one in enumerate(fields, start=1)
            ],
        )
        tx.execute(
            links.insert(),
            [
                {
                    "contact": n,
                    "location": HERE,
                    "remote_id": remote,
                    "agreed": one,
                    "refused": {},
                    "unanswered": {},
                    "settled_at": now,
                }
                for n, (one, remote) in enumerate(zip(fields, made, strict=True), start=1)
            ],
        )
    return list(made)


# ---------------------------------------------------------------- a day with lost webhooks


def day(school: School, remotes: Sequence[str], hours: float) -> list[Goal]:
    """Some hours of edits; how long did differences last, and what did finding them cost?"""
    watch = Watch(school)
    school.told = watch.told
    each_tick = len(remotes) * EDITED_A_DAY * TICK_S / 86_400
    ends = school.clock() + hours * 3600
    due, next_scan = 0.0, school.clock()
    while school.clock() < ends + 3600:
        school.clock.now += TICK_S
        if school.clock() < ends:
            due += each_tick
        while due >= 1:
            due -= 1
            watch.edit(school.random.choice(remotes))
        bodies, watch.due = watch.due, []
        if bodies:
            school.deliver(bodies)
        if school.clock() >= next_scan:
            nights.begin_scans(school.bench)
            next_scan += school.bench.settings.scan_seconds
        school.work()
        watch.look()
    calls = sum(
        _calls(school, run.id) for run in runs.recent(school.store) if run.kind == walks.SCAN
    )
    share = calls / (hours + 1) * 24 / DAY_CALLS
    return [
        Goal("age of a difference whose webhook was lost, p95", 60, _p95(watch.ages) / 60, "min"),
        Goal("age of any difference, p95", 60, _p95(watch.all_ages) / 60, "min"),
        Goal("differences that are left an hour later", 0, len(watch.open)),
        Goal("share of the day's calls for it", 1.5, 100 * share, "%"),
        Goal("webhooks that never came (for scale)", math.inf, watch.lost),
    ]


def _p95(ages: Sequence[float]) -> float:
    return sorted(ages)[math.ceil(0.95 * len(ages)) - 1] if ages else 0.0


def _calls(school: School, run: int) -> int:
    return sum(one.calls for one in audit.by_operation(school.store, run=run))


def _writes(school: School, run: int) -> int:
    reading = {"contacts.list", "contacts.search", "contact.get", "contact.find"}
    found = audit.by_operation(school.store, run=run)
    return sum(one.calls for one in found if one.operation not in reading)


# ---------------------------------------------------------------- nights


def night(school: School, way: Way, *, crashes: int = 0) -> runs.Run:
    """A whole run, with so many workers that die between a page's call and its commit."""
    school.clock.now += 3600
    with school.store.write() as tx:
        run = walks.begin(tx, HERE, way=way, title="night", now=school.clock())
    assert run is not None
    for _ in range(crashes):
        (ticket,) = ledger.release(school.store, room=1, limit=1, bulk_limit=1, lease_s=60)
        assert ticket.kind is Kind.PAGE
        ledger.claim(school.store, ticket, worker="dies", lease_s=60)
        school.clock.now += 61
        ledger.reclaim(school.store)
    school.work()
    found = runs.get(school.store, run)
    assert found is not None
    return found


def quiet(school: School, way: Way) -> list[Goal]:
    """Nothing changed."""
    number = len(school.world.books[HERE].contacts)
    run = night(school, way, crashes=3)
    pages = math.ceil(number / PAGES[way])
    return [
        Goal(f"{way}, nothing changed: calls", pages + 2, _calls(school, run.id)),
        Goal(f"{way}, nothing changed: writes", 0, _writes(school, run.id)),
        Goal(f"{way}, three workers died at a page: contacts not seen", 0,
             abs(number - run.counts.get("rows", 0))),
    ]  # fmt: skip


def changed(school: School, way: Way, remotes: Sequence[str]) -> list[Goal]:
    """Some contacts changed there, others got other tags, a few were deleted; no webhook came."""
    few = max(1, min(10, len(remotes) // 60))  # so few that nobody is asked
    some = school.random.sample(list(remotes), max(3 * few, len(remotes) // 100))
    fields, tagged, gone = some[: -2 * few], some[-2 * few : -few], some[-few:]
    for remote in fields:
        school.person_edits(remote, values={"city": f"Elsewhere {way}"})
    for remote in tagged:
        school.person_edits(remote, tags=(f"tag {way}",))
    run = night(school, way)
    pages = math.ceil(len(remotes) / PAGES[way])
    bound = pages + len(fields) + len(tagged) + 2
    goals = [
        Goal(f"{way}, {len(some) - few} changed: calls", bound, _calls(school, run.id)),
        Goal(f"{way}, changed: differences left", 0, _differences(school, some)),
    ]
    again = night(school, way)
    goals.append(Goal(f"{way}, the night after: calls", pages + 2, _calls(school, again.id)))
    for remote in gone:
        school.person_edits(remote, deleted=True)
    run = night(school, way)
    goals.append(
        Goal(f"{way}, {few} deleted: not found", 0, sum(_is_linked(school, one) for one in gone))
    )
    for remote in gone:
        school.person_edits(remote, deleted=False)
    night(school, way)
    return goals


def guarded(school: School, way: Way, remotes: Sequence[str]) -> list[Goal]:
    """An empty field in many contacts: the run must ask."""
    full = [
        one for one in remotes if (found := school.world.find(one)) and found.values.get("city")
    ]
    some = school.random.sample(full, 60)
    for remote in some:
        school.person_edits(remote, values={"city": None})
    run = night(school, way)
    goals = [
        Goal(f"{way}, 60 emptied: emptied here unasked", 0, 60 - _differences(school, some)),
        Goal(f"{way}, 60 emptied: did not ask", 0, float(run.state != "asking")),
    ]
    with school.store.write() as tx:
        walks.confirm(tx, run.id, now=school.clock())
    school.work()
    goals.append(
        Goal(f"{way}, 60 emptied and confirmed: differences left", 0, _differences(school, some))
    )
    return goals


def _differences(school: School, remotes: Sequence[str]) -> int:
    from sqlalchemy import select

    left = 0
    with school.store.read() as tx:
        for remote in remotes:
            query = (
                select(links.c.contact, contact_table.c.fields)
                .select_from(links.join(contact_table, contact_table.c.id == links.c.contact))
                .where(links.c.location == HERE, links.c.remote_id == remote)
            )
            row = tx.execute(query).one()
            there: Contact | None = school.world.find(remote)
            assert there is not None
            same = row.fields.get("city") == there.values.get("city")
            left += not same or school.tags(row.contact) != set(there.tags)
    return left


def _is_linked(school: School, remote: str) -> bool:
    from sqlalchemy import select

    query = select(links.c.contact).where(links.c.location == HERE, links.c.remote_id == remote)
    with school.store.read() as tx:
        return tx.execute(query).first() is not None


# ---------------------------------------------------------------- the command


def run(contacts: int, hours: float, seed_number: int) -> list[Goal]:
    """All of it."""
    goals: list[Goal] = []
    with stage.in_memory(Random(seed_number)) as school:
        config = school.world.config
        quirks = config.quirks.model_copy(update={"search_lag_s": INDEX_LAG_S})
        school.world.config = config.model_copy(update={"quirks": quirks})
        remotes = populate(school, contacts)
        for way in (Way.LIST, Way.SEARCH):
            goals += quiet(school, way)
        goals += day(school, remotes, hours)
        school.told = lambda *_: None
        for way in (Way.LIST, Way.SEARCH):
            night(school, way)
            goals += changed(school, way, remotes)
            goals += guarded(school, way, remotes)
    return goals


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.reconcile")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=24.0, help="of edits with lost webhooks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(words)
    stage.quiet(logging.WARNING)
    began = time.monotonic()
    goals = run(options.contacts, options.hours, options.seed)
    if options.json:
        print(json.dumps({one.name: [one.bound, one.measured] for one in goals}))  # noqa: T201
    else:
        _show(goals, options, time.monotonic() - began)
    return 0 if all(one.holds for one in goals) else 1


def _show(goals: Sequence[Goal], options: argparse.Namespace, seconds: float) -> None:
    title = f"{options.contacts:,} contacts, {options.hours:g} h, {seconds:.0f} s"
    table = Table("", "goal", "at most", "seen", title=title)
    for one in goals:
        mark = "[green]✓[/]" if one.holds else "[red]✗[/]"
        bound = "-" if math.isinf(one.bound) else f"{one.bound:,.6g} {one.unit}"
        table.add_row(mark, one.name, bound, f"{one.measured:,.4g} {one.unit}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
