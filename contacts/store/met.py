"""What the timeline is told when both sides of a contact have met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contacts.cleaning import Value
from contacts.fields import BY_NAME
from contacts.jobs import Job
from contacts.merge import Merged
from contacts.store.cards import Card
from contacts.store.timeline import LINK, Change, Entry, What, moved


@dataclass(frozen=True, slots=True)
class Meeting:
    """All that is known when it is over.

    Attributes:
        remote_id: of the contact of the CRM that was met.
        sent: what this very call told it; None for a read.
        theirs: what its answer showed, by our names.
        settled: what was agreed once what was sent was compared with the answer.
        dropped: fields that were sent and did not come back.
        tags: that became ours, or went.
    """

    card: Card
    remote_id: str
    sent: Mapping[str, Value] | None = field(repr=False)
    theirs: Mapping[str, Value] = field(repr=False)
    settled: Mapping[str, Value] = field(repr=False)
    dropped: tuple[str, ...]
    merged: Merged
    tags: Mapping[str, Change]


def entries(
    one: Meeting, contact: int, job: Job, *, cause: str | None, now: float
) -> Iterator[Entry]:
    """What happened, each with what it changed; nothing, if nothing did."""
    ours = one.card.fields
    changes: list[tuple[What, dict[str, Change]]] = []
    link: dict[str, Change] = {}
    if one.card.remote_id != one.remote_id:
        link = {LINK: (one.card.remote_id, one.remote_id)}
    if one.sent is None:
        changes += [(What.LINKED, link)]
    else:
        changes += _sent(one, one.sent, link)
    taken: dict[str, Change] = {n: (ours.get(n), v) for n, v in one.merged.to_ours.items()}
    changes += [(What.TAKEN, taken | dict(one.tags))]
    shown = moved(one.settled, one.merged.agreed)
    changes += [(What.SHOWN, {n: change for n, change in shown.items() if n not in taken})]
    if one.card.gone:
        yield Entry(contact, What.BACK, {}, now, cause, job.id, job.run)
    for what, change in changes:
        if change:
            yield Entry(contact, what, change, now, cause, job.id, job.run)


def _sent(
    one: Meeting, sent: Mapping[str, Value], link: dict[str, Change]
) -> Iterator[tuple[What, dict[str, Change]]]:
    """What the CRM has of it, what it spelled otherwise, and what it did not take."""
    agreed, theirs = one.card.agreed, one.theirs
    took = {name: value for name, value in sent.items() if name not in one.dropped}
    told: dict[str, Change] = {
        name: (agreed.get(name), value) for name, value in took.items() if agreed.get(name) != value
    }
    yield What.SENT, told | link
    yield (
        What.NORMALISED,
        {
            name: (value, theirs[name])
            for name, value in took.items()
            if theirs.get(name, value) != value and not _is_whole(name)
        },
    )
    yield What.REFUSED, {name: (sent[name], theirs.get(name)) for name in one.dropped}


def _is_whole(name: str) -> bool:
    """A full name is shown put together from its parts: that is no other spelling."""
    row = BY_NAME.get(name)
    return row is not None and bool(row.parts)
