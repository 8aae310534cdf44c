"""Whose tasks are these? Events that name no contact, and a walk over a location's tasks.

The CRM tells of a new task without its contact, and of a changed one not at all. Both are found by
the search over a location's tasks, which names the contact of each. What is found is put as an
ordinary look at that contact's tasks.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import func, or_, select, update

from contacts.events import LOOK_TASKS
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import inbox, ledger
from contacts.store.database import Tx
from contacts.store.inbox import Remote
from contacts.store.inserting import insert
from contacts.store.tables import RELEASED, contacts, jobs, links, task_walks, webhooks
from contacts.store.tables import contact_tasks as table
from contacts.store.task_rows import Values, tidy


def owner(tx: Tx, location: str, task: str) -> str | None:
    """The CRM's id of the contact of a task that we know; None: we do not, or it is not linked."""
    query = (
        select(links.c.remote_id)
        .select_from(table.join(links, links.c.contact == table.c.contact))
        .where(table.c.remote_id == task, links.c.location == location)
    )
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else str(found)


def is_being_written(tx: Tx, location: str, title: str) -> bool:
    """Whether a worker has a task of ours with that title in hand, which is not there yet."""
    query = (
        select(table.c.id)
        .select_from(jobs.join(table, table.c.id == jobs.c.subject))
        .where(
            RELEASED,
            jobs.c.kind == Kind.TASK.value,
            jobs.c.location == location,
            table.c.remote_id.is_(None),
            func.lower(table.c.title) == title.strip().lower(),
        )
        .limit(1)
    )
    return tx.execute(query).first() is not None


def hand_over(tx: Tx, job: Job, events: Iterable[int], contact: str, *, now: float) -> None:
    """Events that named no contact are that one's from now on.

    Args:
        events: ids of their rows.
        contact: the CRM's id.
    """
    remote = inbox.remote_of(tx, job.location, contact)
    tx.execute(update(webhooks).where(webhooks.c.id.in_(list(events))).values(remote=remote.id))
    _put(tx, job, remote, now)


def look(tx: Tx, job: Job, remote: Remote, *, now: float) -> None:
    """Have a contact's tasks read, as if a webhook had told of them; once, if it waits already."""
    waits = select(webhooks.c.id).where(
        webhooks.c.remote == remote.id,
        webhooks.c.type == LOOK_TASKS,
        webhooks.c.settled_at.is_(None),
    )
    if tx.execute(waits).first() is None:
        tx.execute(
            webhooks.insert().values(
                webhook=f"look:{uuid.uuid4().hex}",
                location=remote.location,
                type=LOOK_TASKS,
                remote=remote.id,
                at=now,
                received_at=now,
            )
        )
    _put(tx, job, remote, now)


def _put(tx: Tx, job: Job, remote: Remote, now: float) -> None:
    wish = Wish(Kind.TASKS, remote.location, remote.contact, remote.id, job.lane, job.run)
    ledger.put(tx, [wish], now=now)


# ---------------------------------------------------------------- the walk


def begin(tx: Tx, location: str, *, now: float) -> None:
    """A walk over the location's tasks begins."""
    statement = insert(tx, task_walks).values(location=location, started_at=now)
    tx.execute(
        statement.on_conflict_do_update(index_elements=["location"], set_={"started_at": now})
    )


def pass_by(tx: Tx, job: Job, page: Mapping[str, tuple[str, Values]], *, now: float) -> bool:
    """Compare a page with what we know; puts a look for each contact whose tasks differ.

    Args:
        page: the CRM's id of the contact and the values, by the CRM's id of the task.

    Returns:
        whether anything of it was new to this walk: a search that gives one page again and again
        is not followed for ever.
    """
    begun = _begun(tx, job.location)
    ours = {
        row.remote_id: row
        for row in tx.execute(select(table).where(table.c.remote_id.in_(list(page))))
    }
    differ: set[str] = set()
    for id, (contact, values) in page.items():
        row = ours.get(id)
        if row is None or row.gone_at is not None or tidy(values) != row.agreed:
            differ.add(contact)
    for contact in sorted(differ):
        remote = inbox.remote_of(tx, job.location, contact)
        if remote.contact:
            look(tx, job, remote, now=now)
    tx.execute(update(table).where(table.c.remote_id.in_(list(page))).values(walked_at=now))
    walked = [row.walked_at for row in ours.values()]
    return len(ours) < len(page) or any(at is None or at < begun for at in walked)


def end(tx: Tx, job: Job, *, now: float) -> None:
    """The walk is complete: tasks that it did not meet may be gone, so their contacts are looked
    at."""
    begun = _begun(tx, job.location)
    query = (
        select(links.c.remote_id)
        .select_from(table.join(links, links.c.contact == table.c.contact))
        .where(
            links.c.location == job.location,
            table.c.remote_id.is_not(None),
            table.c.gone_at.is_(None),
            or_(table.c.walked_at.is_(None), table.c.walked_at < begun),
            table.c.settled_at < begun,
        )
        .distinct()
    )
    for contact in tx.execute(query).scalars().all():
        look(tx, job, inbox.remote_of(tx, job.location, contact), now=now)


def due(tx: Tx) -> list[Wish]:
    """A walk for each location that has a task: the others pay nothing for it."""
    query = (
        select(contacts.c.location)
        .select_from(table.join(contacts, contacts.c.id == table.c.contact))
        .where(table.c.gone_at.is_(None))
        .distinct()
        .order_by(contacts.c.location)
    )
    return [Wish(Kind.TASK_WALK, one, lane=Lane.SWEEP) for one in tx.execute(query).scalars()]


def _begun(tx: Tx, location: str) -> float:
    query = select(task_walks.c.started_at).where(task_walks.c.location == location)
    return float(tx.execute(query).scalar_one_or_none() or 0.0)
