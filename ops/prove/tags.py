"""Are other people's tags left alone, and are ours never stale? 200,000 operations, virtual time.

    python -m ops.prove.tags
    python -m ops.prove.tags --operations 10000 --seed 4711

Two schools of 150 contacts: the platform puts tags on and takes them off; people put on and take
off their own in the CRM, now and then one of the platform's too, also in the very moment before and
after a call of ours arrives. Webhooks come up to three hours late and in any order; one answer in
twenty is lost. The stand-in counts every call that would replace all tags of a contact that is
there. Exit code 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from contacts.jobs import Ticket
from contacts.store import cards
from ops.prove import stage
from ops.prove.school import School
from ops.simulator.world import Contact
from worker.crm.operations import Operation

SCHOOLS: Final = 2
CONTACTS: Final = 150
LATEST_S: Final = 3 * 3600.0
LOST: Final = 0.05
MEANWHILE: Final = 0.3
"""How often somebody changes a tag just before, or just after, a call of ours arrives."""

COURSES: Final = tuple(f"course {n}" for n in range(30))
"""The platform's tags."""

LABELS: Final = tuple(f"label {n}" for n in range(12))
"""The people's."""


@dataclass(slots=True)
class Watch:
    """Everything that happened, to judge by.

    Attributes:
        due: webhooks on their way: (when they come, number, body).
        said: the platform's last word on a tag of a contact of the CRM: put on, or taken off.
        labels: which of their own tags people have put on a contact.
        both: the platform's tags that people changed as well.
    """

    school: School
    contacts: int
    due: list[tuple[float, int, bytes]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    said: dict[tuple[str, str], bool] = field(default_factory=dict)
    labels: dict[str, set[str]] = field(default_factory=dict)
    both: set[tuple[str, str]] = field(default_factory=set)
    remotes: dict[int, str] = field(default_factory=dict)

    @property
    def random(self) -> Random:
        return self.school.random

    def begin(self) -> None:
        """Enrol everybody, then listen."""
        for n in range(1, self.contacts + 1):
            self.school.platform_says(_email(n), city="Bonn")
        self.school.work()
        for n in range(1, self.contacts + 1):
            with self.school.store.read() as tx:
                self.remotes[n] = str(cards.load(tx, n).remote_id)
        school = self.school
        school.told, school.touched, school.failed = self.told, self.touched, self.failed
        school.wire.meanwhile = self.meanwhile
        school.wire.loses = lambda operation: operation.writes and self.random.random() < LOST

    def told(self, body: bytes, remote: str, ours: bool) -> None:
        """A webhook was made: it goes on its way."""
        del remote, ours
        late = self.random.uniform(0, LATEST_S)
        self.counts["webhooks"] += 1
        heapq.heappush(self.due, (self.school.clock() + late, self.counts["webhooks"], body))

    def failed(self, ticket: Ticket, shown: str) -> None:
        """A job was not done: its answer was lost, or a person would be asked."""
        del ticket
        self.counts["jobs parked"] += shown.startswith("Parked")

    def touched(self, old: Contact | None, new: Contact, ours: bool) -> None:
        """Tags there changed: by a call of ours only those of which the platform said so."""
        if not ours or old is None:
            return
        on, off = set(new.tags) - set(old.tags), set(old.tags) - set(new.tags)
        self.counts["tags put on or taken off by us"] += len(on) + len(off)
        self.counts["foreign tags lost"] += len(off & set(LABELS))
        unasked = [tag for tag in on if self.said.get((new.id, tag)) is not True]
        unasked += [tag for tag in off if self.said.get((new.id, tag)) is not False]
        self.counts["changes that nobody asked for"] += len(unasked)

    def meanwhile(self, operation: Operation, remote: str) -> None:
        """A call of ours is about to arrive, or has just arrived."""
        del operation
        if remote and self.random.random() < MEANWHILE:
            self.school.theirs(lambda: self.person(remote))

    # ------------------------------------------------------------ who does what

    def person(self, remote: str) -> None:
        """Somebody puts a tag on in the CRM, or takes it off."""
        known = self.school.world.find(remote)
        assert known is not None
        tag = self.random.choice(LABELS)
        if self.random.random() < 0.1:
            tag = self.random.choice(COURSES)
            self.both.add((remote, tag))
        else:
            self.labels.setdefault(remote, set()).symmetric_difference_update({tag})
        self.counts["operations"] += 1
        self.school.person_edits(remote, tags=tuple(sorted(set(known.tags) ^ {tag})))

    def platform(self, contact: int) -> None:
        """The platform puts some tags on and takes some off."""
        some = self.random.sample(COURSES, self.random.randint(1, 20))
        cut = self.random.randint(0, len(some))
        add, remove = tuple(some[:cut]), tuple(some[cut:])
        for tag in some:
            self.said[self.remotes[contact], tag] = tag in add
        self.counts["operations"] += len(some)
        self.school.platform_says(_email(contact), add=add, remove=remove)

    def act(self) -> None:
        """Somebody does something to a contact, some seconds later."""
        self.school.clock.now += self.random.uniform(1, 20)
        contact = self.random.randint(1, self.contacts)
        if self.random.random() < 0.5:
            self.platform(contact)
        else:
            for _ in range(self.random.randint(1, 12)):
                self.person(self.remotes[contact])

    def deliver(self, until: float) -> None:
        """Let come in what is due by then, and work all there is."""
        stage.deliver(self.school, self.due, until)

    # ------------------------------------------------------------ the judge

    def judge(self) -> None:
        """Nothing is on its way any more: both sides have the same, and what was said."""
        self.counts["calls that replace all tags"] += self.school.world.tags_replaced
        for contact, remote in self.remotes.items():
            known = self.school.world.find(remote)
            assert known is not None
            there = set(known.tags)
            self.counts["foreign tags lost"] += len(self.labels.get(remote, set()) - there)
            self.counts["foreign tags that came back"] += len(
                there & set(LABELS) - self.labels.get(remote, set())
            )
            stale = self.school.tags(contact) ^ there
            stale |= {
                tag
                for tag in COURSES
                if (remote, tag) not in self.both
                and self.said.get((remote, tag), False) is not (tag in there)
            }
            self.counts["our tags that are stale"] += len(stale & set(COURSES))
            self.counts["foreign tags not known here"] += len(stale & set(LABELS))


def _email(contact: int) -> str:
    return f"student{contact}@example.org"


def run(operations: int, seed: int) -> Counter[str]:
    """Both schools at a time; returns their counts together."""
    seeds = [seed * SCHOOLS + n for n in range(SCHOOLS)]
    return stage.together(play, [operations // SCHOOLS] * SCHOOLS, seeds)


def play(operations: int, seed: int, contacts: int = CONTACTS) -> Counter[str]:
    """One school, until so many operations were done and nothing is on its way."""
    random = Random(seed)
    with stage.in_memory(random) as school:
        watch = Watch(school, contacts)
        watch.begin()
        while watch.counts["operations"] < operations:
            watch.act()
            if random.random() < 0.02:
                watch.deliver(school.clock() + random.uniform(1, 600))
        school.wire.meanwhile = lambda *_: None
        for _ in range(30):
            watch.deliver(school.clock() + LATEST_S)
        watch.judge()
        return watch.counts


BOUNDS: Final = (
    "foreign tags lost",
    "foreign tags that came back",
    "foreign tags not known here",
    "our tags that are stale",
    "changes that nobody asked for",
    "calls that replace all tags",
    "jobs parked",
)
"""What must not happen once."""


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.tags")
    parser.add_argument("--operations", type=int, default=200_000, help="tags changed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(words)
    began = time.monotonic()
    counts = run(options.operations, options.seed)
    seconds = time.monotonic() - began
    title = f"{counts['operations']:,} operations, {seconds:.0f} s"
    return stage.tell(counts, BOUNDS, title=title, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
