"""The CRM says that the notes of a contact changed: read them all, by one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contacts.events import NOTE
from contacts.jobs import Job
from contacts.store import audit, inbox, their_notes
from contacts.store.database import Tx
from contacts.store.inbox import Heard
from contacts.store.notebook import Page, mark
from contacts.store.their_notes import Shown, Told
from worker import hearing
from worker.hearing import News
from worker.workbench import Effect, Workbench


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Take in what people wrote, changed and deleted; an echo of our own note costs no call.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    found = hearing.news(job, bench, NOTE, their_notes.known, tells_nothing)
    if not isinstance(found, News):
        return found
    remote, heard = found.remote, found.heard
    listed = bench.desk(job, trail).notes(remote.remote_id)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        theirs = [Shown(one.id, one.body, one.user_id is not None) for one in listed]
        their_notes.settle(tx, job, remote.contact, theirs, told(heard), now=now)
        inbox.settle(tx, found.words, now=now)

    return effect


def told(heard: Sequence[Heard]) -> list[Told]:
    """The texts that events told of."""
    return [
        Told(one.thing, str(one.payload.get("body") or ""), one.at)
        for one in heard
        if one.thing and one.type != "NoteDelete"
    ]


def tells_nothing(event: Heard, known: Mapping[str, Page]) -> bool:
    """Whether a note is as the event says it is, as far as we know."""
    ours = known.get(event.thing or "")
    if event.type == "NoteDelete":
        return ours is None or ours.gone
    body = str(event.payload.get("body") or "")
    return ours is not None and not ours.gone and mark(body) == ours.held
