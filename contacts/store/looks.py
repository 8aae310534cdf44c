"""What has to come before a job whose contact is gone in the CRM."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from contacts.jobs import Job, Kind, Wish
from contacts.store import inbox, ledger
from contacts.store.database import Tx
from contacts.store.tables import links

READING: Final = frozenset({Kind.PUSH, Kind.PULL, Kind.NOTES, Kind.TASKS})
"""Kinds that need no push before them: they push themselves, or write nothing."""


def first(tx: Tx, job: Job, *, now: float) -> bool:
    """Put a look at the job's contact and, before a tag or note, a push.

    The look says whether the contact was merged or deleted. Where ``ROLLBOOK_DELETED`` keeps it,
    the push makes it anew; where nothing is owed it costs no call.

    Returns:
        False when the job is no longer this worker's: then nothing was put.
    """
    if not ledger.held(tx, job):
        return False
    query = select(links.c.remote_id).where(links.c.contact == job.contact)
    remote_id = tx.execute(query).scalar_one_or_none()
    if remote_id is not None:
        inbox.look(tx, job.location, [remote_id], lane=job.lane, run=job.run, now=now)
    if job.kind not in READING:
        wish = Wish(Kind.PUSH, job.location, job.contact, lane=job.lane, run=job.run)
        ledger.put(tx, [wish], now=now)
    return True
