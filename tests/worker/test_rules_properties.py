"""Whatever happens to a contact, and whoever dies on the way: each cause fires once.

Changes come in between, together and while rules look; workers die before and after their commit;
the same rules are loaded again. In the end exactly that has fired which somebody who saw every
look says must have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from contacts.facts import Facts
from contacts.jobs import Job
from contacts.store import audit, enrolments, facts, firings, ledger, rulesets, watching
from contacts.store import tables as t
from contacts.store.database import Tx
from tests.conftest import examples
from worker import rules as deed
from worker.workbench import Effect, Workbench

HERE = "loc1"
RULES = [
    {"name": "score", "when": "score >= 80", "then": {"note": "{rule}"}},
    {"name": "tag", "when": {"tag_added": "a"}, "then": {"note": "{rule}"}},
    {"name": "untag", "when": {"tag_removed": "a"}, "then": {"note": "{rule}"}},
    {"name": "course", "when": {"enrolled": "*"}, "then": {"note": "{course}"}},
]
CHANGES = ("70", "90", "tag a", "no tag a", "enrol c1", "enrol c2", "link off", "link on")
STEPS = st.lists(
    st.sampled_from([*CHANGES, "work", "work", "die", "lost answer", "slow", "load again"]),
    max_size=14,
)


@dataclass
class World:
    """One contact, its rules, and what must have fired: told by the facts that each look saw."""

    shop: Any
    contact: int
    seen: Facts = field(default_factory=Facts)
    wanted: list[str] = field(default_factory=list)

    @classmethod
    def made(cls, shop: Any) -> World:
        with shop.store.write() as tx:
            for table in (t.jobs, t.rule_states, t.firings, t.tags, t.enrolments, t.links, t.notes):
                tx.execute(delete(table))
            made = tx.execute(
                t.contacts.insert()
                .values(location=HERE, fields={}, changed_at=0.0)
                .returning(t.contacts.c.id)
            )
            contact = int(made.scalar_one())
            link(tx, contact)
            rulesets.keep(tx, HERE, RULES, now=shop.clock())
        return cls(shop, contact)

    def do(self, step: str) -> None:
        self.shop.clock.tick(1)
        if step in CHANGES:
            with self.shop.store.write() as tx:
                self.change(tx, step)
        elif step == "work":
            self.work()
        elif step == "load again":
            with self.shop.store.write() as tx:
                rulesets.keep(tx, HERE, RULES, now=self.shop.clock())
        elif step == "die":
            for ticket in self.shop.release():
                ledger.claim(self.shop.store, ticket, worker="w", lease_s=30)
            self.shop.clock.tick(31)
            ledger.reclaim(self.shop.store, attempts_max=99)
        else:
            self.work(step)

    def change(self, tx: Tx, step: str) -> None:
        now = self.shop.clock()
        if step == "link off":
            from contacts.store import history

            history.unlink(tx, self.contact, cause="deleted", now=now)
            return
        with watching.news(tx, self.contact, now=now):
            if step == "link on":
                if not facts.linked(tx, self.contact):
                    link(tx, self.contact)
            elif step.startswith("enrol"):
                course = step.removeprefix("enrol ")
                enrolments.told(tx, self.contact, course, title=course, source="x", now=now)
            elif step.endswith("tag a"):
                has = step == "tag a"
                values = {"contact": self.contact, "tag": "a", "wanted": has, "agreed": has}
                tx.execute(delete(t.tags).where(t.tags.c.contact == self.contact))
                tx.execute(t.tags.insert().values(**values))
            else:
                same = update(t.links).where(t.links.c.contact == self.contact)
                tx.execute(same.values(agreed={"custom.score": step}))

    def work(self, how: str = "work") -> bool:
        """Let one worker do what is due, and look at what it saw; returns whether there was any."""

        def watched(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
            with bench.store.read() as tx:
                linked, now = facts.linked(tx, job.contact), facts.of(tx, job.contact)
            effect = deed.contact(job, bench, trail)
            if how == "slow":
                with bench.store.write() as tx:
                    self.change(tx, "tag a" if "a" not in now.tags else "no tag a")

            def commit(tx: Tx) -> None:
                effect(tx)
                if linked:
                    self.looked(now)

            return commit

        tickets = self.shop.release()
        for ticket in tickets:
            if ticket.kind.value != "contact.rules":
                self.shop.run(ticket, lambda *_: lambda tx: None)
                continue
            shop = self.shop.shaky("well", "after") if how == "lost answer" else self.shop
            shop.run(ticket, watched)
        return bool(tickets)

    def looked(self, now: Facts) -> None:
        """Another account of what fires."""

        def score(one: Facts) -> bool:
            return int(str(one.fields.get("custom.score", 0))) >= 80

        before, self.seen = self.seen, now
        self.wanted += ["score"] * (score(now) and not score(before))
        self.wanted += ["tag"] * ("a" in now.tags - before.tags)
        self.wanted += ["untag"] * ("a" in before.tags - now.tags)
        self.wanted += ["course"] * len(now.enrolments.keys() - before.enrolments.keys())

    def end(self) -> None:
        with self.shop.store.write() as tx:
            self.change(tx, "link on")
        self.shop.clock.tick(1)
        while self.work():  # one job of a contact at a time
            self.shop.clock.tick(1)
        with self.shop.store.read() as tx:
            fired = [one.rule for one in firings.of(tx, self.contact)]
            assert sorted(fired) == sorted(self.wanted)
            assert facts.before(tx, self.contact) is None
            assert facts.of(tx, self.contact) == self.seen


def link(tx: Tx, contact: int) -> None:
    tx.execute(
        t.links.insert().values(
            contact=contact,
            location=HERE,
            remote_id=f"r{contact}",
            agreed={"custom.score": "10"},
            refused={},
            settled_at=0.0,
        )
    )


def test_each_cause_fires_once_in_any_history(shop: Any) -> None:
    @settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def history(steps: list[str]) -> None:
        world = World.made(shop)
        for step in steps:
            world.do(step)
        world.end()

    history()
