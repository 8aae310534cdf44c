"""Both sides of one contact meet: whatever follows from an answer of the CRM, in one transaction.

What ours becomes, what is agreed, which tags, which values lost, what the answer showed, and the
jobs for what the CRM is still owed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select, update

from contacts import identity, merge
from contacts.cleaning import Value
from contacts.echoes import Cause
from contacts.fields import BY_NAME, CUSTOM
from contacts.identity import IDENTITY
from contacts.jobs import Job, Kind, Wish
from contacts.ruling import Side, Times, blank
from contacts.store import (
    cards,
    history,
    ledger,
    met,
    platform_links,
    roster,
    sightings,
    tag_changes,
    timeline,
    watching,
)
from contacts.store.database import Tx
from contacts.store.history import Loss
from contacts.store.met import Meeting
from contacts.store.tables import contacts as table
from contacts.store.timeline import Change, What

UNKNOWN: Value = "\x00"
"""What was agreed, where all we know is that neither side holds it any more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A contact as an answer of the CRM showed it.

    Attributes:
        values: cleaned, non-blank, by our field names.
        tags: None: not shown.
        at: when it was last changed there, by the CRM's clock, seconds since the epoch.
        marks: see :func:`contacts.echoes.marks`.
        custom: the custom fields that it speaks of, by each of their names: under which name the
            value stands.
        also: emails and phones that it has beside its first ones.
    """

    remote_id: str
    values: Mapping[str, Value] = field(repr=False)
    tags: Collection[str] | None
    at: float | None
    marks: Mapping[str, str]
    custom: Mapping[str, str] = field(default_factory=dict)
    also: Collection[str] = field(default=(), repr=False)

    def of(self, names: Collection[str]) -> tuple[dict[str, Value], set[str]]:
        """Its values by the names that we use, and the fields that it can show.

        A custom field that the location's dictionary does not know, or that is in an answer
        without any, is not shown, so it was not emptied either.
        """
        values, hidden = dict(self.values), set()
        for name in names:
            if name.startswith(CUSTOM) and name not in values:
                theirs = self.custom.get(name)
                if theirs is None:
                    hidden.add(name)
                elif theirs in values:
                    values[name] = values[theirs]
        return values, {*BY_NAME, *names, *values} - hidden


@dataclass(frozen=True, slots=True)
class Met:
    """What came of it.

    Attributes:
        changed: fields of ours that are others now.
        dropped: fields that were sent and did not come back.
        losses: values that lost.
        owes_push, owes_tags: the CRM lacks something.
    """

    changed: tuple[str, ...]
    dropped: tuple[str, ...]
    losses: tuple[Loss, ...]
    owes_push: bool = False
    owes_tags: bool = False


def meet(
    tx: Tx,
    job: Job,
    contact: int,
    seen: Seen,
    *,
    now: float,
    sent: Mapping[str, Value] | None = None,
    cause: Cause = Cause.READ,
    why: str | None = None,
    row_shows: Collection[str] | None = None,
) -> Met:
    """Merge, and write all that follows.

    Args:
        contact: our id; the job may be about somebody else, or nobody yet.
        seen: what the CRM answered.
        sent: what this very call told it; None for a read.
        cause: what that call was.
        why: what led to it, for the timeline; see :class:`contacts.store.timeline.Entry`.
        row_shows: it is a row of a list, which shows these fields alone; what its webhooks would
            have in them it does not tell. None: it is the contact itself.

    Raises:
        GiveUp: the contact is not in the roster any more, or somebody else has that link.
    """
    roster.lock(tx, job.location)
    card = cards.load(tx, contact)
    was = watching.before(tx, contact, watched=card.watched, now=now)
    agreed, refused, unanswered = card.agreed, card.refused, card.unanswered
    dropped: tuple[str, ...] = ()
    respelled: tuple[str, ...] = ()
    if card.remote_id not in (None, seen.remote_id):
        history.unlink(tx, contact, cause="moved", now=now, job=job)
        agreed, refused, unanswered = {}, {}, {}
    if card.remote_id != seen.remote_id:
        agreed = {**agreed, **identity.aliases(card.fields, seen.also)}
    theirs, shown = seen.of({*card.fields, *agreed, *card.policy.mapped})
    if row_shows is not None:
        shown &= set(row_shows)
    if sent is not None:
        settled = merge.settle(sent, theirs, agreed, refused)
        agreed, refused, dropped = settled.agreed, settled.refused, settled.dropped
        respelled = settled.respelled
    merged = merge.merge(
        agreed,
        card.fields,
        theirs,
        policy=card.policy,
        refused=refused,
        times=_times(card, agreed, seen.at),
        unanswered=unanswered,
        shown=shown,
    )
    # That the CRM tidied up what we sent is no edit of anybody's.
    edits = [one for one in merged.conflicts if one.name not in respelled]
    losses = [_loss(one, now, job) for one in edits]
    losses += _keep_apart(tx, job, contact, card.fields, merged, now=now)
    write(tx, contact, card, merged.to_ours, gone=False if card.gone else None)
    cards.settle(
        tx,
        contact,
        location=job.location,
        remote_id=seen.remote_id,
        agreed=merged.agreed,
        refused=merged.refused,
        now=now,
        linked=card.remote_id,
    )
    owes_tags, tags = _meet_tags(tx, contact, seen.tags)
    history.keep(tx, contact, losses, cause=why, run=job.run)
    meeting = Meeting(card, seen.remote_id, sent, theirs, agreed, dropped, merged, tags)
    timeline.keep(tx, met.entries(meeting, contact, job, cause=why, now=now))
    if row_shows is None:
        sightings.keep(tx, contact, seen.marks, at=seen.at, cause=cause, sent=sent or (), now=now)
    _put(tx, job, contact, push=bool(merged.to_theirs), tags=owes_tags, now=now)
    platform_links.heard(tx, job.location, contact, merged.to_ours, lane=job.lane, now=now)
    watching.after(tx, job, contact, was, now=now)
    return Met(
        tuple(sorted(merged.to_ours)), dropped, tuple(losses), bool(merged.to_theirs), owes_tags
    )


def _times(card: cards.Card, agreed: Mapping[str, Value], theirs: float | None) -> Times:
    """When ours moved; where it is not known for the field, as late as it can have been."""
    moved = [name for name, value in card.fields.items() if value != agreed.get(name)]
    return Times({name: _moved_at(card, name) for name in moved}, theirs)


def _moved_at(card: cards.Card, name: str) -> float:
    return card.moved_at.get(name, card.changed_at)


def _loss(one: merge.Conflict, now: float, job: Job) -> Loss:
    side = Side.THEIRS if one.winner is Side.OURS else Side.OURS
    kept = one.ours if one.winner is Side.OURS else one.theirs
    return Loss(one.name, one.lost, side.value, one.by, now, job.id, kept)


def _keep_apart(
    tx: Tx, job: Job, contact: int, ours: Mapping[str, Value], merged: merge.Merged, *, now: float
) -> list[Loss]:
    """Two contacts of ours cannot have one email or phone: what another one has is not taken in."""
    losses = []
    for name in IDENTITY:
        value = merged.to_ours.get(name)
        if not value or not _others(tx, job.location, name, str(value), contact):
            continue
        del merged.to_ours[name]
        # As if it had not been looked at: theirs is neither forgotten nor overruled.
        if name in ours:
            merged.agreed[name] = ours[name]
        else:
            merged.agreed.pop(name, None)
        held = ours.get(name)
        losses.append(Loss(name, value, Side.THEIRS.value, history.TAKEN, now, job.id, held))
    return losses


def _others(tx: Tx, location: str, name: str, value: str, contact: int) -> bool:
    query = select(table.c.id).where(
        table.c.location == location, table.c[name] == value, table.c.id != contact
    )
    return tx.execute(query).first() is not None


def write(
    tx: Tx,
    contact: int,
    card: cards.Card,
    changes: Mapping[str, Value],
    *,
    gone: bool | None = None,
) -> None:
    """Change our values to the CRM's; one that becomes blank goes.

    What a source had said of them stays known: saying it again is no edit.

    Args:
        card: ours before.
        gone: False: it is in the CRM again; None: as before.
    """
    values: dict[str, object] = {} if gone is None else {"gone_at": None}
    if changes:
        # A blank of ours that is not in the changes stays: the CRM is owed it.
        emptied = {name for name, value in changes.items() if blank(value)}
        after = {**card.fields, **changes}
        after = {name: value for name, value in after.items() if name not in emptied}
        values["fields"] = after
        values |= {name: after.get(name) for name in IDENTITY if name in changes}
        said = {name: card.fields.get(name) for name in changes} | card.said
        values |= roster.said_columns(
            {
                name: value
                for name, value in said.items()
                if value is None or value != after.get(name)
            }
        )
    if values:
        tx.execute(update(table).where(table.c.id == contact).values(**values))


def _meet_tags(
    tx: Tx, contact: int, theirs: Collection[str] | None
) -> tuple[bool, dict[str, Change]]:
    """Whether the CRM is owed tags, and what became of ours."""
    if theirs is None:
        return False, {}
    owed, taken = tag_changes.meet(tx, {contact: theirs})
    return contact in owed, taken.get(contact, {})


def _put(tx: Tx, job: Job, contact: int, *, push: bool, tags: bool, now: float) -> None:
    kinds = [Kind.PUSH] * push + [Kind.TAG] * tags
    wishes = [Wish(kind, job.location, contact, lane=job.lane, run=job.run) for kind in kinds]
    ledger.put(tx, wishes, now=now)


def restore(
    tx: Tx,
    job: Job,
    contact: int,
    values: Mapping[str, Value],
    *,
    at: float,
    now: float,
    why: str | None = None,
) -> tuple[Loss, ...]:
    """Decide over edits that our own write covered before we saw them.

    Both sides have moved, so the field's rule decides: the edit is kept as lost, or it becomes
    ours again and the CRM is told.

    Args:
        values: of the edit, by our field names; a blank: it was emptied.
        at: when it was made, by the CRM's clock.
        why: what told of it, for the timeline.
    """
    roster.lock(tx, job.location)
    card = cards.load(tx, contact)
    ours = {name: card.fields[name] for name in values if name in card.fields}
    merged = merge.merge(
        dict.fromkeys(values, UNKNOWN),
        ours,
        {name: value for name, value in values.items() if value not in ("", [])},
        policy=card.policy,
        times=Times({name: _moved_at(card, name) for name in ours}, at),
    )
    losses = [replace(_loss(one, now, job), cause=history.OVERWRITTEN) for one in merged.conflicts]
    losses += _keep_apart(tx, job, contact, card.fields, merged, now=now)
    write(tx, contact, card, merged.to_ours)
    history.keep(tx, contact, losses, cause=why, run=job.run)
    taken = {name: (card.fields.get(name), value) for name, value in merged.to_ours.items()}
    timeline.note(tx, contact, What.TAKEN, taken, cause=why, job=job, now=now)
    _put(tx, job, contact, push=bool(merged.to_ours), tags=False, now=now)
    platform_links.heard(tx, job.location, contact, merged.to_ours, lane=job.lane, now=now)
    return tuple(losses)
