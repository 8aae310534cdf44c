"""The first call for a contact of ours: it is made in the CRM, or found there, and never doubled.

Not by an upsert: that overwrites what a person typed there before anybody here has seen it, and
where the phone is somebody else's, or the email one of somebody's further ones, that one loses an
email. See docs/decisions/0014.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contacts import identity
from contacts.cleaning import Value
from contacts.echoes import Cause
from contacts.errors import CrmRefused, GiveUp, TryAgain
from contacts.jobs import Job
from contacts.store.cards import Card
from worker import doubles
from worker.crm.client import Desk, Theirs
from worker.seen import read
from worker.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Answer:
    """A contact as the CRM answered, and what it was told by that; ``sent`` None: it was read."""

    theirs: Theirs
    sent: Mapping[str, Value] | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class Case:
    """One push: the job, its tools, and what is known.

    Attributes:
        card: ours, and its link.
        sent: what the CRM has to be told.
        tags: what a contact that is made is born with; nobody else is told of them here.
        listed: the CRM's id of it, as a row of a list showed it; None: none did.
        absent: a list that was read to its end lately did not show it.
    """

    job: Job
    bench: Workbench
    desk: Desk
    card: Card
    sent: Mapping[str, Value]
    tags: frozenset[str] = frozenset()
    listed: str | None = None
    absent: bool = False


def first(case: Case) -> Answer:
    """Make the contact, or find the one that it is.

    One call for a new one where the location refuses doubles. Where it does not, or nobody knows,
    one look before, unless a list has told that it is not there. A refused create names who has the
    email or phone: that one is read, and so is one that a list showed.

    Args:
        case: with all that the CRM may be told of the contact, an email or a phone in it.

    Raises:
        SyncError: see ``worker.crm.answers``.
        TryAgain: who has the email or phone is about to have another one.
        GiveUp: the CRM answered with somebody else.
    """
    if case.listed is not None:
        theirs = read(case.desk, case.listed)
        if theirs is not None and identity.same(case.card.fields, theirs.values, theirs.also):
            return Answer(theirs, None, Cause.READ)
    # A lost answer: to create again would be to lose the next one as well, job after job.
    refused = doubles.refused(case.bench, case.desk, case.job.location)
    if case.job.doubtful or not (refused or case.absent):
        found = _found(case.desk, case.card)
        if found is not None:
            return Answer(found, None, Cause.READ)
    try:
        return Answer(_created(case, case.sent), case.sent, Cause.CREATE)
    except CrmRefused as refusal:
        if refusal.perhaps_done:
            return _nevertheless(case, refusal)
        return _beside(case, refusal)


def _nevertheless(case: Case, refusal: CrmRefused) -> Answer:
    """A refusal that may be none: look, once. Somebody who is there is linked, and merged: what was
    really refused is refused again, by the next update.

    Raises:
        CrmRefused: nobody is there.
    """
    found = _found(case.desk, case.card)
    if found is None:
        raise refusal
    return Answer(found, None, Cause.READ)


def _found(desk: Desk, card: Card) -> Theirs | None:
    """Who has our email, or else our phone, if that is the same person."""
    id = desk.find_either(card.email, card.phone)
    found = read(desk, id) if id is not None else None
    if found is None or not identity.same(card.fields, found.values, found.also):
        return None
    return found


def _created(case: Case, sent: Mapping[str, Value]) -> Theirs:
    theirs = case.desk.create(sent, case.tags)
    if identity.contradicts(sent, theirs.values, theirs.also):
        raise GiveUp(
            f"the CRM answered with somebody else: its contact {theirs.id}", code="wrong-contact"
        )
    return theirs


def _beside(case: Case, refusal: CrmRefused) -> Answer:
    """Somebody has the email or phone: the same person is linked, beside another one it is made.

    A phone that is another person's is left out, and told as dropped.
    """
    twin = _twin(case, refusal)
    if identity.same(case.card.fields, twin.values, twin.also):
        return Answer(twin, None, Cause.READ)
    rest = {name: value for name, value in case.sent.items() if name != "phone"}
    if not rest.get("email"):
        raise refusal
    try:
        return Answer(_created(case, rest), case.sent, Cause.CREATE)
    except CrmRefused as again:  # where phones come first, somebody may have the email as well
        twin = _twin(case, again)
        if not identity.same(case.card.fields, twin.values, twin.also):
            raise
        return Answer(twin, None, Cause.READ)


def _twin(case: Case, refusal: CrmRefused) -> Theirs:
    """Who is there already.

    Raises:
        CrmRefused: it was refused for another reason.
        TryAgain: nobody, any more; or a contact of ours that is about to have another email.
    """
    if refusal.twin is None:
        raise refusal
    twin = read(case.desk, refusal.twin)
    if twin is None:
        raise TryAgain("the CRM named a contact that is gone", code="stale-answer")
    card = case.card
    if refusal.field == "email" and card.email and card.email != twin.values.get("email"):
        # One of its further emails, whether the CRM shows them or not.
        twin = replace(twin, also=twin.also | {card.email})
    has_email = card.email is not None and card.email in (twin.values.get("email"), *twin.also)
    name = "email" if has_email else "phone"
    doubles.check_free(case.bench, case.job, twin.id, name, card.fields.get(name))
    return twin
