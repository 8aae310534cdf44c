"""Bring the CRM's copy of one contact up to date: make it, find it or update it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import structlog

from contacts import merge, ruling
from contacts.cleaning import Value
from contacts.echoes import Cause
from contacts.errors import CrmRefused, SyncError, Unsendable
from contacts.jobs import Job, Kind
from contacts.store import audit, cards, ledger, meeting, pairing, timeline
from contacts.store.cards import Card
from contacts.store.database import DatabaseDown, Tx
from contacts.store.doubts import What
from contacts.store.timeline import TAG
from contacts.store.timeline import What as Happened
from worker import doubles, doubt, linking
from worker.crm.answers import duplicate
from worker.crm.client import Desk, Theirs
from worker.linking import Answer, Case
from worker.seen import seen
from worker.workbench import Effect, Workbench, nothing

log = structlog.get_logger("rollbook.worker")


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Send what the CRM does not have yet; a contact that is agreed costs no call.

    A contact without a link is made, or found, see ``worker.linking``; one with a link is updated
    by id, normally by one call. All answer with the whole contact, which is compared with what was
    sent, and merged: every write is also a read.

    Raises:
        SyncError: see ``worker.crm.answers``.
        Unsendable: nothing by which the CRM could know the person.
    """
    with bench.store.read() as tx:
        card = cards.load(tx, job.contact)
        tags = _born_with(tx, job.contact, card)
        listed = None if card.remote_id else pairing.shown(tx, job.contact)
    linked = card.remote_id is not None
    sent = merge.unsent(card.fields, card.agreed, card.refused, linked=linked, policy=card.policy)
    if card.gone or (linked and not sent):
        return nothing
    if not linked:
        # Everything, not only what is owed: the contact may be there already, and be stale.
        sent = merge.unsent(card.fields, {}, {}, policy=card.policy)
        if not (sent.get("email") or sent.get("phone")):
            raise Unsendable("neither email nor phone", code="no-identity")
    desk = bench.desk(job, trail)
    absent = not linked and _is_absent(job, bench, desk)
    try:
        answer = _send(Case(job, bench, desk, card, sent, tags, listed, absent))
    except SyncError as error:
        if error.doubtful:
            with suppress(DatabaseDown), bench.store.write() as tx:
                cards.doubt(tx, job.contact, sent)
                cards.doubt_tags(tx, [job.contact], tags)
        raise

    # The CRM itself refuses a late second one, except where a location allows doubles.
    doubted = not linked and doubt.is_left(job, found=answer.cause is Cause.READ)
    doubted = doubted and not doubles.refused(bench, desk, job.location)

    def effect(tx: Tx) -> None:
        if doubted:
            doubt.owe(tx, bench, job, What.CONTACT, job.contact)
        met = meeting.meet(
            tx,
            job,
            job.contact,
            seen(answer.theirs),
            sent=answer.sent,
            cause=answer.cause,
            now=bench.clock(),
        )
        if answer.cause is Cause.CREATE:
            born = tags & answer.theirs.tags
            _born(tx, job, born, owes_more=met.owes_tags, now=bench.clock())
        if met.dropped:
            log.warning("the CRM dropped fields", contact=job.contact, fields=met.dropped)
        if listed is not None:
            pairing.settle(tx, job.contact)
        elif not linked and answer.cause is Cause.READ and not job.doubtful:
            pairing.was_there(tx, job.run, now=bench.clock())
        if card.remote_id is None:
            # Tags and notes that were parked because there was no contact yet can go on.
            ledger.unpark_contact(
                tx, job.location, job.contact, code="not-linked", now=bench.clock()
            )

    return effect


def _is_absent(job: Job, bench: Workbench, desk: Desk) -> bool:
    """Whether no look is needed before a create, where the CRM itself would not refuse a double."""
    if doubles.refused(bench, desk, job.location):
        return False
    with bench.store.read() as tx:
        return pairing.is_absent(tx, job.location, job.contact, now=bench.clock())


def _born_with(tx: Tx, contact: int, card: Card) -> frozenset[str]:
    """The tags of a contact that the CRM does not have: they go with it, by the same call.

    On a contact that is there they would replace those that people gave it.
    """
    if card.remote_id is not None:
        return frozenset()
    return cards.load_newborn_tags(tx, contact)


def _born(tx: Tx, job: Job, tags: frozenset[str], *, owes_more: bool, now: float) -> None:
    """The contact was made with these tags: their own job has nothing left to do.

    One that was sent and did not come back is still owed: its own call tells.
    """
    told = {f"{TAG}{tag}": (False, True) for tag in sorted(tags)}
    timeline.note(tx, job.contact, Happened.SENT, told, job=job, now=now)
    if tags and not owes_more:
        ledger.served(tx, job, Kind.TAG, now=now)


def _send(case: Case) -> Answer:
    desk, sent, remote_id = case.desk, case.sent, case.card.remote_id
    if remote_id is None:
        return linking.first(case)
    moved = _moved(desk, case.card, sent)
    if moved is not None:
        return Answer(moved, None, Cause.READ)
    try:
        if sent.get("email") and not doubles.refused(case.bench, desk, case.job.location):
            _check_alone(desk, remote_id, str(sent["email"]))
        return Answer(desk.update(remote_id, sent), sent, Cause.UPDATE)
    except CrmRefused as refusal:
        if refusal.perhaps_done:
            return _nevertheless(case, remote_id, refusal)
        return _without(case, remote_id, refusal)


def _nevertheless(case: Case, remote_id: str, refusal: CrmRefused) -> Answer:
    """A refusal that may be none: look, once, whether anything of it took effect.

    Raises:
        CrmRefused: nothing did.
    """
    theirs, agreed = case.desk.get(remote_id), case.card.agreed
    if not any(
        ruling.holds(theirs.values, name, value) and not ruling.holds(agreed, name, value)
        for name, value in case.sent.items()
    ):
        raise refusal
    return Answer(theirs, case.sent, Cause.UPDATE)


def _moved(desk: Desk, card: Card, sent: Mapping[str, Value]) -> Theirs | None:
    """What a person is known by is not replaced unseen: the contact, if it is another one there.

    One read for each change of an email; what follows is decided as after any read.

    Raises:
        ContactGone: it is not there any more.
    """
    name = "email" if card.agreed.get("email") else "phone"
    if name not in sent or not card.agreed.get(name) or card.remote_id is None:
        return None
    theirs = desk.get(card.remote_id)
    return theirs if theirs.values.get(name) != card.agreed[name] else None


def _check_alone(desk: Desk, remote_id: str, email: str) -> None:
    """Where the CRM would take an email that somebody has, we do not: it would be one person twice.

    Raises:
        CrmRefused: somebody has it, as the CRM itself says it elsewhere.
    """
    twin = desk.find("email", email)
    if twin not in (None, remote_id):
        raise duplicate(200, twin, "email")


def _without(case: Case, remote_id: str, refusal: CrmRefused) -> Answer:
    """The rest goes out without the email or phone that somebody else has.

    A phone is left out like any value that the CRM drops, for the person is known by the email. An
    email stays owed: the next push has nothing else to send, and asks a person.
    """
    name, twin, sent = refusal.field, refusal.twin, case.sent
    if name is None or name not in sent or twin in (None, remote_id):
        raise refusal
    doubles.check_free(case.bench, case.job, str(twin), name, sent[name])
    rest = {one: value for one, value in sent.items() if one != name}
    spare = name == "phone" and case.card.email is not None
    if not rest and not spare:
        raise refusal
    theirs = case.desk.update(remote_id, rest) if rest else case.desk.get(remote_id)
    return Answer(theirs, sent if spare else rest, Cause.UPDATE if rest else Cause.READ)
