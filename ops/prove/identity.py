"""Is one person one contact, whatever both sides call them? 20,000 operations, virtual time.

    python -m ops.prove.identity
    python -m ops.prove.identity --operations 3000 --seed 4711

Six schools: duplicates refused or allowed, found by email or by phone first, further emails shown
or not, with and without the right to read the setting. The platform names new people, some of them
typed in the CRM already, there under a further email, or with the phone of a sibling, and gives
people other emails; the CRM's people do the same, put further emails to a contact, swap them with
the first one, merge and delete. One answer in twenty to a write is lost; half of the deletions are
told by no webhook. Exit code 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sqlalchemy import select

from contacts.jobs import Ticket
from contacts.store import ledger_view
from contacts.store.tables import contacts as ours_table
from ops.prove import stage
from ops.prove.crowd import Crowd
from ops.prove.school import HERE, School
from ops.simulator.seeding import Merge, Seed, Seeds, delete, merge, seed
from ops.simulator.world import Contact

LATEST_S: Final = 3 * 3600.0
LOST: Final = 0.05
UNTOLD: Final = 0.5
LOOK_EACH: Final = 100
"""Operations between two comparisons of everybody."""

CITIES: Final = tuple(f"City {n}" for n in range(6))
SCOPES: Final = ("contacts.readonly", "contacts.write")

SCHOOLS: Final[dict[str, dict[str, Any]]] = {
    "refused, email first": {},
    "refused, phone first": {"place": {"duplicate_primary": "phone"}},
    "refused, further emails not shown": {"quirks": {"shows_additional": False}},
    "refused, setting not readable": {"scopes": SCOPES},
    "allowed": {"place": {"allow_duplicates": True}},
    "allowed, setting not readable": {"place": {"allow_duplicates": True}, "scopes": SCOPES},
}

CONFLICTS: Final = frozenset({"duplicate", "link-taken", "still-taken", "not-linked"})
"""Codes with which a person is rightly asked who is who."""


@dataclass(slots=True)
class Play:
    """One school, and everybody in it.

    Attributes:
        due: webhooks on their way: (when they come, number, body).
        people: persons so far.
        emails: emails of each so far.
    """

    school: School
    allowed: bool
    crowd: Crowd
    due: list[tuple[float, int, bytes]] = field(default_factory=list)
    people: int = 0
    emails: Counter[int] = field(default_factory=Counter)
    phones: int = 0
    number: int = 0

    @property
    def random(self) -> Random:
        return self.school.random

    @property
    def counts(self) -> Counter[str]:
        return self.crowd.counts

    def begin(self) -> None:
        """Listen to the school."""
        school = self.school
        school.told, school.touched = self.told, self.crowd.touched
        school.failed = self.failed
        school.wire.loses = lambda operation: operation.writes and self.random.random() < LOST

    def told(self, body: bytes, remote: str, ours: bool) -> None:
        """A webhook was made: it goes on its way; of a deletion, not always."""
        del remote, ours
        if b'"ContactDelete"' in body and self.random.random() < UNTOLD:
            return
        self.number += 1
        late = self.random.uniform(0, LATEST_S)
        heapq.heappush(self.due, (self.school.clock() + late, self.number, body))

    def failed(self, ticket: Ticket, shown: str) -> None:
        """A job was not done: it comes back, or a person is asked."""
        del ticket
        kind, _, said = shown.partition(": ")
        code = said.partition(":")[0]
        if kind == "Parked":
            self.counts[f"asked a person: {code}"] += 1
            self.counts["parked without a conflict"] += code not in CONFLICTS

    def deliver(self, until: float) -> None:
        """Let come in what is due by then, and work all there is."""
        stage.deliver(self.school, self.due, until)

    # ------------------------------------------------------------ names

    def person(self) -> int:
        self.people += 1
        return self.people

    def email(self, person: int) -> str:
        """An email of the person that nobody has had yet."""
        self.emails[person] += 1
        return f"p{person}.{self.emails[person]}@example.org"

    def phone(self) -> str:
        """A phone that nobody has had yet."""
        self.phones += 1
        return f"+1{202 + self.phones // 9000}555{1000 + self.phones % 9000}"

    # ------------------------------------------------------------ who there is

    def living(self) -> list[Contact]:
        """Contacts of the CRM that are not deleted."""
        return [one for one in self.school.world.books[HERE].contacts.values() if not one.deleted]

    def somebody(self) -> Contact | None:
        """One of them."""
        found = self.living()
        return self.random.choice(found) if found else None

    def student(self) -> int | None:
        """A contact of ours that the platform knows."""
        return self.random.choice(list(self.crowd.said)) if self.crowd.said else None

    def types(self, person: int, **values: Any) -> str:
        """Somebody types a new contact in the CRM; returns its id."""
        made = Seed(values={"firstName": f"P{person}", **values})
        (id,) = seed(self.school.world, Seeds(location=HERE, contacts=(made,)))["ids"]
        self.crowd.theirs[id] = {person}
        return str(id)

    def says(self, person: int, email: str | None, **fields: Any) -> None:
        """The platform says something of a person."""
        done = self.school.platform_says(email, first_name=f"P{person}", **fields)
        if done.new:
            self.crowd.ours[done.contact] = {person}
        elif person not in self.crowd.ours.get(done.contact, {person}):
            self.counts["wrong merges"] += 1
        if email:
            self.crowd.said[done.contact] = email


# ---------------------------------------------------------------- what the platform does


def enrols(play: Play) -> None:
    """Somebody new, in one of five ways."""
    random, person = play.random, play.person()
    chance, email = random.random(), play.email(person)
    fields: dict[str, Any] = {"city": random.choice(CITIES), "phone": play.phone()}
    if chance < 0.1:  # a sibling of somebody whom nobody here knows yet: one phone
        sibling = play.person()
        play.types(sibling, email=play.email(sibling), phone=fields["phone"])
    elif chance < 0.2:  # a sibling of anybody
        phone = (play.somebody() or Contact("", HERE, 0, 0, {})).values.get("phone")
        # Not of somebody who was ever known by it alone: there it means that person.
        if phone and phone not in play.crowd.phones:
            fields["phone"] = phone
    elif chance < 0.35:  # typed in the CRM already
        play.types(person, email=email, city=random.choice(CITIES))
    elif chance < 0.5:  # there under another email, and this one beside it
        play.types(person, email=play.email(person), additionalEmails=[email])
    elif chance < 0.6:  # a phone alone
        play.crowd.phones[fields["phone"]] = person
        play.says(person, None, **fields)
        return
    play.says(person, email, **fields)


def moves(play: Play) -> None:
    """A student lives elsewhere, and has one more course."""
    contact = play.student()
    if contact is not None:
        email = play.crowd.said[contact]
        person = min(play.crowd.ours[contact])
        play.says(person, email, city=play.random.choice(CITIES), add=(f"c{play.random.random()}",))


def renames(play: Play) -> None:
    """The platform knows a student by another email from now on; it has an id of its own."""
    contact = play.student()
    if contact is None:
        return
    with play.school.store.read() as tx:
        row = tx.execute(select(ours_table.c.email).where(ours_table.c.id == contact)).first()
    if row is None:
        return
    play.crowd.given_up |= {str(row.email), play.crowd.said[contact]}
    email = play.email(min(play.crowd.ours[contact]))
    play.school.platform_says(email, contact=contact)
    play.crowd.said[contact] = email


# ---------------------------------------------------------------- what the CRM's people do


def types(play: Play) -> None:
    """A contact that the platform does not know."""
    person = play.person()
    values: dict[str, Any] = {"email": play.email(person), "city": play.random.choice(CITIES)}
    chance = play.random.random()
    if chance < 0.3:
        values["additionalEmails"] = [play.email(person)]
    elif chance < 0.5:
        values = {"phone": play.phone()}
        play.crowd.phones[values["phone"]] = person
    play.types(person, **values)


def edits(play: Play) -> None:
    """Another city, another email, one more email, or the further one first."""
    one, random = play.somebody(), play.random
    if one is None:
        return
    person = min(play.crowd.theirs[one.id])
    further = list(one.values.get("additionalEmails", ()))
    chance = random.random()
    if chance < 0.3:
        change: dict[str, Any] = {"city": random.choice(CITIES)}
    elif chance < 0.6:
        change = {"email": play.email(person)}
    elif chance < 0.8 or not further or not one.values.get("email"):
        change = {"additionalEmails": [*further, play.email(person)]}
    else:
        first = further.pop(random.randrange(len(further)))
        change = {"email": first, "additionalEmails": [*further, one.values["email"]]}
    play.school.person_edits(one.id, values=change)


def merges(play: Play) -> None:
    """Two contacts become one: one that was typed just now and an old one, or any two."""
    master, child = play.somebody(), play.somebody()
    if child is not None and play.random.random() < 0.5:
        person = min(play.crowd.theirs[child.id])
        master = play.school.world.find(play.types(person, email=play.email(person)))
    if master is None or child is None or master.id == child.id:
        return
    play.crowd.theirs[master.id] |= play.crowd.theirs[child.id]
    merge(play.school.world, Merge(location=HERE, into=master.id, ids=(child.id,)))


def deletes(play: Play) -> None:
    """A contact is deleted."""
    one = play.somebody()
    if one is not None:
        delete(play.school.world, HERE, [one.id])


ACTS: Final[tuple[tuple[Callable[[Play], None], float], ...]] = (
    (enrols, 0.25), (moves, 0.25), (renames, 0.12), (types, 0.06), (edits, 0.26), (merges, 0.05),
    (deletes, 0.02),
)  # fmt: skip


# ---------------------------------------------------------------- the play


def run(operations: int, seed: int) -> Counter[str]:
    """All schools, as many at a time as there are cores; returns their counts together."""
    names = list(SCHOOLS)
    each = [operations // len(names)] * len(names)
    return stage.together(play, names, each, [seed] * len(names))


def play(name: str, operations: int, seed: int) -> Counter[str]:
    """One school, until so many operations were done and nothing is on its way."""
    random = Random(f"{seed} {name}")
    kind = SCHOOLS[name]
    with stage.in_memory(random, **kind) as school:
        allowed = bool(kind.get("place", {}).get("allow_duplicates"))
        now = Play(school, allowed, Crowd(school))
        now.begin()
        deeds, weights = zip(*ACTS, strict=True)
        for number in range(operations):
            school.clock.now += random.uniform(1, 90)
            (deed,) = random.choices(deeds, weights)
            deed(now)
            if random.random() < 0.3:
                now.deliver(school.clock() + random.uniform(1, 600))
            if number % LOOK_EACH == 0:
                now.crowd.look()
        _end(now)
        now.counts["operations"] += operations
        return now.counts


def _end(now: Play) -> None:
    """Nobody does anything any more: what is on its way comes, what failed is tried again."""
    while now.due:
        now.deliver(max(now.school.clock(), now.due[0][0]) + 600)
    for _ in range(40):
        now.deliver(now.school.clock() + 3600)
        while now.due:
            now.deliver(max(now.school.clock(), now.due[0][0]) + 600)
    now.counts["parked at the end"] += len(ledger_view.parked(now.school.store))
    now.counts["calls"] += len(list(now.school.standin.log.rows(0, 10**9, None)))
    now.crowd.judge()


BOUNDS: Final = (
    "lost emails",
    "wrong merges",
    "duplicate contacts",
    "pairs broken",
    "emails of the platform that mean nobody",
    "parked without a conflict",
    "contacts that differ at the end",
)
"""What must not happen once."""


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.identity")
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(words)
    began = time.monotonic()
    counts = run(options.operations, options.seed)
    seconds = time.monotonic() - began
    title = f"{counts['operations']:,} operations, {len(SCHOOLS)} schools, {seconds:.0f} s"
    return stage.tell(counts, BOUNDS, title=title, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
