"""A thousand edits of one contact within ten seconds are two calls, and the last value wins.

Dispatcher, ledger and worker are the real ones, in virtual time: a call takes 150 ms, in which
edits go on coming in, and the dispatcher looks after each of them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import pytest

from contacts.jobs import Kind, Lane, Ticket, Wish
from contacts.store import cards, ledger
from contacts.store.ledger_view import counts
from ops.prove import stage
from ops.prove.school import HERE, School
from producers.dispatcher import IDLE_S, Dispatcher

ADA = "ada@example.org"
MANY, SOME = 1000, 200
"""A thousand take as many commits, so most of these make do with fewer."""

WITHIN_S = 10.0
WAY_S = 0.075
"""A call is on its way so long, and so is its answer."""


class InHand(Dispatcher):
    """The real one, whose messages arrive at once."""

    def notice_restart(self) -> None:
        self.tickets: list[Ticket] = []

    def duties(self) -> None:
        self.slots = 32

    def publish(self, messages: Sequence[Sequence[Ticket]]) -> None:
        self.tickets = [ticket for message in messages for ticket in message]


@dataclass
class Days:
    """What is going to happen, and what was called."""

    school: School
    dispatcher: InHand
    edits: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def begin(self, random: Random, edit: Callable[[int], None], count: int = SOME) -> None:
        """Plan the edits, at random moments."""
        start = self.school.clock() + 60
        moments = sorted(random.uniform(0, WITHIN_S) for _ in range(count))
        self.edits = [(start + at, n, lambda n=n: edit(n)) for n, at in enumerate(moments)]

        def worked(_: Ticket, calls: list[str]) -> None:
            self.calls.update(calls)

        self.school.worked = worked
        self.school.wire.meanwhile = lambda *_: self.wait(WAY_S)

    def wait(self, seconds: float) -> None:
        """Time passes, with what happens in it."""
        until = self.school.clock() + seconds
        while self.edits and self.edits[0][0] <= until:
            self.school.clock.now, _, act = heapq.heappop(self.edits)
            self.school.theirs(act)
        self.school.clock.now = until

    def run(self) -> None:
        """Until nothing is left to do."""
        while self.edits or counts(self.school.store).open:
            self.dispatcher.step()
            for ticket in self.dispatcher.tickets:
                self.school.run(ticket)
            following = self.edits[0][0] - self.school.clock() if self.edits else IDLE_S
            self.wait(max(min(following, IDLE_S), 0.0))


@pytest.fixture
def days() -> Iterator[Days]:
    with stage.in_memory(Random(1)) as school:
        school.platform_says(ADA, city="Bonn")
        school.work()
        nothing = cast("Any", None)
        dispatcher = InHand(school.store, nothing, nothing, 20, 30.0, school.clock, "one")
        yield Days(school, dispatcher)


def theirs(days: Days) -> Any:
    with days.school.store.read() as tx:
        remote = cards.load(tx, 1).remote_id
    found = days.school.world.find(str(remote))
    assert found is not None
    return found


def hurry(days: Days, kind: Kind) -> None:
    with days.school.store.write() as tx:
        ledger.put(tx, [Wish(kind, HERE, 1, lane=Lane.LIVE)], now=days.school.clock())


@pytest.mark.parametrize(
    ("live", "count"),
    [pytest.param(False, MANY, id="a thousand, bulk"), pytest.param(True, SOME, id="live")],
)
def test_edits_by_a_source_are_two_calls(days: Days, live: bool, count: int) -> None:
    def edit(n: int) -> None:
        days.school.platform_says(ADA, city=f"city {n}")
        if live:
            hurry(days, Kind.PUSH)

    days.begin(Random(1), edit, count)
    days.run()

    assert days.calls == {"contact.update": 2}
    assert theirs(days).values["city"] == f"city {count - 1}"


@pytest.mark.parametrize("live", [False, True], ids=["bulk", "live"])
def test_many_changes_of_mind_about_a_tag_are_two_calls(days: Days, live: bool) -> None:
    def edit(n: int) -> None:
        on = n % 2 == 0 or n == SOME - 1
        days.school.platform_says(ADA, add=("vip",) * on, remove=("vip",) * (not on))
        if live:
            hurry(days, Kind.TAG)

    days.begin(Random(4), edit)
    days.run()

    assert days.calls.total() <= 2
    assert theirs(days).tags == ("vip",)


def test_many_tags_are_two_calls(days: Days) -> None:
    def edit(n: int) -> None:
        days.school.platform_says(ADA, add=(f"course {n}",))

    days.begin(Random(5), edit)
    days.run()

    assert days.calls == {"contact.tags.add": 2}
    assert len(theirs(days).tags) == SOME


def test_many_edits_in_the_crm_are_two_reads(days: Days) -> None:
    remote = theirs(days).id
    days.school.told = lambda body, *_: days.school.deliver([body])

    def edit(n: int) -> None:
        days.school.person_edits(remote, values={"city": f"city {n}"})

    days.begin(Random(6), edit)
    days.run()

    assert days.calls == {"contact.get": 2}
    with days.school.store.read() as tx:
        assert cards.load(tx, 1).fields["city"] == f"city {SOME - 1}"


def test_a_first_edit_goes_at_once_and_a_second_one_half_a_second_after_it(days: Days) -> None:
    days.begin(Random(7), lambda n: None)
    start = days.edits[0][0]
    sent: list[float] = []
    days.edits = [
        (start, 0, lambda: days.school.platform_says(ADA, city="Rome") and None),
        (start + 3, 1, lambda: days.school.platform_says(ADA, city="Oslo") and None),
    ]
    days.school.worked = lambda *_: sent.append(days.school.clock() - start)
    days.run()

    first, second = sent
    assert first == pytest.approx(2 * WAY_S)
    assert second - 3 <= 0.5 + IDLE_S + 2 * WAY_S
    assert theirs(days).values["city"] == "Oslo"
