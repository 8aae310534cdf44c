"""Look at the rules of one contact: what changed since they last looked, and what follows from it.

No call is made. What a rule does is a wish of ours like any other: its own job brings it to the
CRM or to the platform. The firings, what they put, and what was seen are one commit, so a rule
fires once for each cause, whoever is killed when.
"""

from __future__ import annotations

import structlog

from contacts.errors import GiveUp
from contacts.facts import Facts
from contacts.jobs import Job
from contacts.rules import Firing
from contacts.store import actions, audit, facts, firings, watching, weighing
from contacts.store.actions import Doing
from contacts.store.database import Tx
from worker.workbench import Effect, Workbench, nothing

log = structlog.get_logger("rollbook.worker")


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Decide which rules fire, and do what they say.

    Raises:
        GiveUp: rules set each other off without end. Nothing of this look is done, and nothing of
            it is forgotten, until a person has mended the rules.
    """
    del trail  # no call
    with bench.store.read() as tx:
        look = weighing.look(tx, job.location, job.contact, now=bench.clock())
    if look is None:
        return nothing
    found = weighing.decide(look, seen=str(job.id), existing=job.subject == weighing.EXISTING)
    circle = weighing.circle(found, look.busy)
    if circle is not None:
        raise GiveUp(circle, code="rules-circle")

    def effect(tx: Tx) -> None:
        now = bench.clock()
        ours = weighing.left(look)
        for firing in found:
            ours |= _fire(tx, job, firing, look.named, now)
        if not facts.looked(tx, job.contact, look.now, ours, now=now):
            # Also what a rule did just now: it may be what another one waits for.
            watching.look(tx, job.location, job.contact, now=now, lane=job.lane, run=job.run)
        if found:
            log.info("rules fired", contact=job.contact, rules=[one.rule.name for one in found])

    return effect


def _fire(tx: Tx, job: Job, firing: Firing, current: Facts, now: float) -> dict[str, int]:
    """Do what a rule says; returns the changes that will be seen because of it."""
    id = firings.begin(tx, job.location, job.contact, firing, job=job.id, now=now)
    if id is None:
        return {}
    done = actions.do(Doing(tx, job, firing, current, now))
    firings.end(tx, id, [one.said for one in done])
    return {one.mark: firing.depth for one in done if one.mark is not None}
