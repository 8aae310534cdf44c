"""What is not so any more, and why: values that lost, links that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from contacts.cleaning import Value
from contacts.jobs import Job
from contacts.store import sightings, timeline, watching
from contacts.store.database import Tx
from contacts.store.tables import links, past_links
from contacts.store.tables import timeline as table
from contacts.store.timeline import LINK, What

TAKEN = "taken"
"""Another contact of ours has that email or phone."""

OVERWRITTEN = "overwritten"
"""Our write came after a person's edit that we had not seen yet."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that did not get through.

    Attributes:
        name: of the field.
        side: whose it was: ours or theirs.
        cause: what decided: ``owner``, a tie-break (``newest``, ``platform``, ``crm``), ``taken``
            or ``overwritten``.
        at: seconds since the epoch.
        job: in which it was decided.
        kept: the value that counts instead; None: not known.
    """

    name: str
    lost: Value = field(repr=False)
    side: str
    cause: str
    at: float
    job: int | None
    kept: Value | None = field(default=None, repr=False)


def keep(
    tx: Tx,
    contact: int,
    losses: Sequence[Loss],
    *,
    cause: str | None = None,
    run: int | None = None,
) -> None:
    """Keep values that lost, in the timeline.

    Args:
        cause: what led to it, see :class:`contacts.store.timeline.Entry`.
    """
    timeline.keep(
        tx,
        [
            timeline.Entry(
                contact,
                What.CONFLICT,
                {one.name: (one.lost, one.kept, one.side, one.cause)},
                one.at,
                cause,
                one.job,
                run,
            )
            for one in losses
        ],
    )


def of(tx: Tx, contact: int) -> list[Loss]:
    """The values of a contact that lost, oldest first."""
    query = (
        select(table)
        .where(table.c.contact == contact, table.c.what == What.CONFLICT.value)
        .order_by(table.c.id)
    )
    return [
        Loss(name, lost, side, by, row.at, row.job, kept)
        for row in tx.execute(query)
        for name, (lost, kept, side, by) in row.changes.items()
    ]


def unlink(tx: Tx, contact: int, *, cause: str, now: float, job: Job | None = None) -> None:
    """End a contact's link; which contact of the CRM it was stays known."""
    query = select(links.c.location, links.c.remote_id).where(links.c.contact == contact)
    row = tx.execute(query).first()
    if row is None:
        return
    # A contact that comes back is no other one than before: what was so is still to be known then.
    watched = watching.where(tx, contact) is not None
    watching.before(tx, contact, watched=watched, now=now)
    tx.execute(
        past_links.insert().values(
            contact=contact, location=row.location, remote_id=row.remote_id, until=now, cause=cause
        )
    )
    tx.execute(delete(links).where(links.c.contact == contact))
    sightings.forget(tx, contact)
    changes = {LINK: (row.remote_id, None)}
    timeline.note(tx, contact, What.UNLINKED, changes, cause=cause, job=job, now=now)


def past_remotes(tx: Tx, contact: int) -> list[tuple[str, str]]:
    """Who the contact was in the CRM before: (its id there, why that ended), oldest first."""
    query = (
        select(past_links.c.remote_id, past_links.c.cause)
        .where(past_links.c.contact == contact)
        .order_by(past_links.c.id)
    )
    return [(row.remote_id, row.cause) for row in tx.execute(query)]
