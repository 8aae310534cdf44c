"""Enrol one contact in one course of the platform."""

from __future__ import annotations

from contacts.jobs import Job
from contacts.store import audit, cards, enrolments, platform_links, watching
from contacts.store.database import Tx
from worker.student import student_of
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call, which is safe to repeat: a lost answer needs no look.

    Raises:
        Unsendable: the contact has no email, or the platform cannot enrol anybody.
        SyncError: see ``worker.platforms.answers``.
    """
    with bench.store.read() as tx:
        enrolment = enrolments.load(tx, job.subject)
        card = cards.load(tx, job.contact)
        link = platform_links.load(tx, job.contact)
    if enrolment.settled_at is not None:
        return nothing
    student = student_of(job, card, link, bench)
    bench.connector(job, trail).enrol(student, enrolment.course)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        with watching.change(tx, job, job.contact, watched=card.watched, now=now):
            enrolments.settle(tx, enrolment.id, now=now)

    return effect
