"""The tags of many contacts by one call, each with an outcome of its own.

The job that a worker has takes those along that are alike. One answer tells of all of them: what
it says clearly of a contact is taken, and whoever it does not speak of clearly comes back and goes
alone, by the ordinary call. What goes wrong with the call as a whole befalls all alike, and they
wait until the same moment, so that they go together again.

See docs/decisions/0023.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from contacts.delta import Delta
from contacts.errors import AccessLost, ContactGone, GiveUp, NotYet, SyncError
from contacts.jobs import Job
from contacts.store import cards, ledger_together, tag_changes
from contacts.store.cards import TagCard
from contacts.store.database import DatabaseDown, Tx
from contacts.store.tag_changes import Told
from worker.crm import many
from worker.workbench import Company, Effect, Trail, Workbench

BELIEVED_S: Final = 3600.0
"""How long a location is asked for fewer at once, after the CRM refused so many: no maximum is
published, and one may come with an update of theirs and go with the next."""

LAST_ALONE: Final = 2
"""So many attempts before a person is asked are made alone: should one contact be what the CRM
stumbles over, the others are rid of it."""

OF_THE_CALL: Final = frozenset({"scope", "token-class", "access-lost"})
"""Refusals at the door that may be meant for the bulk call only: the specification names no scope
for it. If they are not, the ordinary call is told so too."""

NEEDS_LOOK = "the CRM's answer for many contacts does not say what became of this one"

log = structlog.get_logger("rollbook.worker")


@dataclass(frozen=True, slots=True)
class Member:
    """A contact that goes along."""

    job: Job
    card: TagCard

    @property
    def id(self) -> str:
        """The CRM's id of it."""
        return str(self.card.remote_id)


def is_there(tx: Tx, job: Job, change: Delta, bench: Workbench) -> bool:
    """Whether there may be somebody to take along."""
    attempts = _attempts(bench)
    if _room(job, bench) < 2 or job.code == ledger_together.ALONE or job.attempts >= attempts:
        return False
    return ledger_together.has_company(tx, job, change.mark, attempts=attempts, now=bench.clock())


def contacts(
    job: Job, card: TagCard, change: Delta, bench: Workbench, trail: Trail
) -> Effect | None:
    """Make the call for all that can go along; None: there was nobody after all.

    Raises:
        SyncError: how it ended for the job itself.
    """
    members = _gather(job, change, bench, trail)
    if not members:
        return None
    everybody = [Member(job, card), *members]
    assert trail.company is not None
    trail.company.called = [one.job for one in members]
    try:
        told = bench.desk(job, trail).change_tags([one.id for one in everybody], change)
    except SyncError as error:
        _doubt(error, everybody, change, bench)
        raise _meaning(error, len(everybody), job, bench) from None
    if not told:
        _at_most(1, job, bench)
    return _ends(everybody, change, told, bench, trail)


def _gather(job: Job, change: Delta, bench: Workbench, trail: Trail) -> list[Member]:
    """Claim those that are alike; those that turn out not to be are dealt with on the way."""
    with bench.store.write() as tx:
        joined = ledger_together.join(
            tx,
            job,
            change.mark,
            room=_room(job, bench) - 1,
            attempts=_attempts(bench),
            worker=bench.name,
            now=bench.clock(),
        )
        found = cards.load_tags_of(tx, [one.contact for one in joined])
    company = trail.company = Company(joined)
    members = []
    for one in joined:
        card = found.get(one.contact)
        try:
            other = None if card is None else card.change()
        except GiveUp as error:
            company.ends[one.id] = error
            continue
        if card is None or other is None:
            company.ends[one.id] = None  # nothing is owed to it any more
        elif other == change:
            members.append(Member(one, card))
        else:
            company.parted[one] = other.mark
    return members


def _ends(
    everybody: Sequence[Member],
    change: Delta,
    told: dict[str, many.Told],
    bench: Workbench,
    trail: Trail,
) -> Effect:
    """How each ended, by its own part of the answer."""
    company = trail.company
    assert company is not None
    verdicts = {one.job: _verdict(told.get(one.id), change) for one in everybody}
    shown = {
        one.job: Told(one.job, change, told[one.id].there, one.card.watched)
        for one in everybody
        if verdicts[one.job] is None
    }
    first, *others = everybody
    unclear = [one.job.contact for one in everybody if _unclear(told.get(one.id), change)]
    company.ends |= {one.job.id: verdicts[one.job] for one in others}
    failed = sum(error is not None for error in verdicts.values())
    log.debug("tags of many contacts", contacts=len(everybody), asked_again=failed)

    def settle(tx: Tx, mine: Sequence[Job]) -> None:
        settled = [shown[job] for job in mine if job in shown]
        tag_changes.settle(tx, settled, now=bench.clock())
        cards.doubt_tags(tx, unclear, change.tags)

    company.effect = settle
    error = verdicts[first.job]
    if error is not None:
        raise error
    return lambda tx: tag_changes.settle(tx, [shown[first.job]], now=bench.clock())


def _verdict(told: many.Told | None, change: Delta) -> SyncError | None:
    """None: the contact has the change."""
    if told is not None and told.gone:
        return ContactGone("the CRM no longer knows the contact (contacts.bulk.tags)")
    if told is None or not told.done or _unclear(told, change):
        return NotYet(NEEDS_LOOK, seconds=0.0, code=ledger_together.ALONE)
    return None


def _unclear(told: many.Told | None, change: Delta) -> bool:
    """Whether the contact may have the change, or may not."""
    if told is None:
        return True
    return told.done and told.there is not None and bool(change.left(told.there))


def _doubt(error: SyncError, everybody: Sequence[Member], change: Delta, bench: Workbench) -> None:
    if error.doubtful:
        with suppress(DatabaseDown), bench.store.write() as tx:
            cards.doubt_tags(tx, [one.job.contact for one in everybody], change.tags)


def _meaning(error: SyncError, count: int, job: Job, bench: Workbench) -> SyncError:
    """A refusal of the call as a whole is none of any contact: fewer are asked for at once."""
    at_the_door = isinstance(error, AccessLost) and error.code in OF_THE_CALL
    if not at_the_door and not isinstance(error, GiveUp):
        return error
    most = 1 if at_the_door else count // 2
    _at_most(most, job, bench)
    log.warning("tags of many contacts are refused", contacts=count, next=most, code=error.code)
    reason = f"the CRM refused the tags of {count} contacts at once: {error.reason}"
    return NotYet(reason, seconds=0.0, code="bulk-refused")


def _at_most(count: int, job: Job, bench: Workbench) -> None:
    bench.most[job.location] = (bench.clock() + BELIEVED_S, count)


def _room(job: Job, bench: Workbench) -> int:
    until, most = bench.most.get(job.location, (0.0, 0))
    batch = bench.settings.tag_batch
    return min(batch, most) if bench.clock() < until else batch


def _attempts(bench: Workbench) -> int:
    return max(bench.settings.attempts - LAST_ALONE, 1)
