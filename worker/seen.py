"""Reading a contact of the CRM, and its answer as the meeting of both sides takes it."""

from __future__ import annotations

from contacts.echoes import TAGS
from contacts.errors import ContactGone
from contacts.store.meeting import Seen
from worker.crm.client import Desk, Theirs


def read(desk: Desk, remote_id: str) -> Theirs | None:
    """A contact of the CRM; None: it is gone, whether the CRM says so or shows it as deleted.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    try:
        found = desk.get(remote_id)
    except ContactGone:
        return None
    return None if found.deleted else found


def seen(theirs: Theirs) -> Seen:
    """What an answer showed."""
    return Seen(
        remote_id=theirs.id,
        values=theirs.values,
        tags=theirs.tags if TAGS in theirs.marks else None,
        at=theirs.updated_at,
        marks=theirs.marks,
        custom=theirs.custom,
        also=theirs.also,
    )
