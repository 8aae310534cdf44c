"""One person is one contact: does the location refuse a second one, and is an email free?"""

from __future__ import annotations

from typing import Final

from contacts.cleaning import Value
from contacts.errors import AccessLost, TryAgain
from contacts.jobs import Job
from contacts.store import cards, checks, inbox
from contacts.store.checks import Found, Look
from worker.crm.client import Desk
from worker.workbench import Workbench

ASKED_S: Final = 3600.0
"""It is asked once in an hour, and kept for all processes: 24 calls a day, and a setting that a
person changes is known within the hour."""


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
            at, known = _kept(bench, location, now) or (now, _asked(bench, desk, location, now))
            bench.doubles[location] = at, known
    return known


def _kept(bench: Workbench, location: str, now: float) -> tuple[float, bool] | None:
    """When the location was last read, by any process, and what it said; None: too long ago."""
    seen = checks.found(bench.store, location, since=now - ASKED_S).get(Look.LOCATION)
    if seen is None or seen.code is not None or "allows_doubles" not in seen.facts:
        return None
    return seen.at, seen.facts["allows_doubles"] is False


def _asked(bench: Workbench, desk: Desk, location: str, now: float) -> bool:
    try:
        there = desk.location()
    except AccessLost as error:
        if error.code != "scope":
            raise
        return False
    facts = {"allows_doubles": there.allows_doubles, "country": there.country}
    with bench.store.write() as tx:
        checks.keep(tx, location, Found(Look.LOCATION, now, facts=facts))
    return there.allows_doubles is False


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
