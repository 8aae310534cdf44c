"""One person is one contact: does the location refuse a second one, and is an email free?"""

from __future__ import annotations

from typing import Final

from contacts.cleaning import Value
from contacts.errors import AccessLost, TryAgain
from contacts.jobs import Job
from contacts.store import cards, inbox
from worker.crm.client import Desk
from worker.workbench import Workbench

ASKED_S: Final = 3600.0
"""Each process asks once in an hour: 24 calls a day, and a setting that a person changes is known
within the hour."""


def refused(bench: Workbench, desk: Desk, location: str) -> bool:
    """Whether the CRM itself refuses a second contact with an email that somebody has.

    False also where it cannot be known, for the token may not read the location: then the one who
    asks has to look before he writes.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    with bench.asking:  # a backfill begins with many first calls at once: one of them asks
        now = bench.clock()
        at, known = bench.doubles.get(location, (0.0, False))
        if now - at > ASKED_S:
            known = _asked(desk)
            bench.doubles[location] = now, known
    return known


def _asked(desk: Desk) -> bool:
    try:
        return desk.location().allows_doubles is False
    except AccessLost as error:
        if error.code != "scope":
            raise
        return False


def check_free(bench: Workbench, job: Job, twin: str, name: str, value: Value | None) -> None:
    """Refuse to decide while the email or phone is about to be free: our contact that has it there
    has another one here.

    Args:
        twin: the CRM's id of who has it.
        name: email or phone.

    Raises:
        TryAgain: that contact's own push comes first.
    """
    with bench.store.read() as tx:
        owner = inbox.owner(tx, job.location, twin)
        if owner in (0, job.contact):
            return
        other = cards.load(tx, owner)
    if other.agreed.get(name) == value and other.fields.get(name, value) != value:
        raise TryAgain(
            f"our contact {owner} still has this {name} in the CRM, and has another one here",
            code="still-taken",
        )
