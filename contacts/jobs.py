"""Which kinds of job exist, and in which lane each one travels.

A job says *which* contact, never what changed: the worker compares what is ours with what was
agreed at the moment it runs. So a job that is late, doubled or delivered again does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Lane(StrEnum):
    """How urgent a job is. A more urgent lane is released first."""

    LIVE = "live"
    """Somebody waits for it: a webhook, a click."""
    BULK = "bulk"
    """A backfill of many."""
    SWEEP = "sweep"
    """Repairs and walks that nobody waits for."""


class Kind(StrEnum):
    """The stable name of a kind of job. It is also the Celery task's name: never rename one."""

    PUSH = "contact.push"
    """Create or update the CRM's copy of one contact."""
    TAG = "contact.tag"
    """Add and remove the tags that one contact is owed."""
    NOTE = "contact.note"
    """Write one note, once; change it, or delete it."""
    TASK = "contact.task"
    """Write one task of a contact, once; change it, complete it, or delete it."""
    FIELDS = "location.fields"
    """Read the location's custom fields."""
    PULL = "contact.pull"
    """Read one contact of the CRM, of which a webhook said that it changed."""
    NOTES = "contact.notes"
    """Read the notes of one contact, of which a webhook said that they changed."""
    TASKS = "contact.tasks"
    """Read the tasks of one contact, of which a webhook said that they changed."""
    TASK_OWNER = "location.task"
    """Find the contact of a task that a webhook told of without it."""
    TASK_WALK = "location.tasks"
    """Read one page of a location's tasks, for what no webhook tells."""
    PAGE = "location.page"
    """Read one page of a walk over the location's contacts, or do what follows the last one."""
    DOUBT = "contact.doubt"
    """Look whether a create whose answer was lost took effect late, and remove what is double."""
    RULES = "contact.rules"
    """Look at the rules of one contact, of which something changed. It makes no call."""
    ENROL = "platform.enrol"
    """Enrol one contact in one course of the platform."""
    LIST = "platform.list"
    """Put one contact on one list of the platform, or take it off."""
    PLATFORM = "platform.push"
    """Tell the platform what changed in the CRM of one contact."""
    FEED = "platform.feed"
    """Read one page of what changed on the platform."""
    COURSES = "platform.courses"
    """Read the platform's courses."""
    ACCESS_EXCHANGE = "access.exchange"
    """Exchange the code of an install for its tokens."""
    ACCESS_LOCATIONS = "access.locations"
    """Read one page of the locations in which an agency's install put the app."""
    ACCESS_REFRESH = "access.refresh"
    """Renew the tokens of one grant, by the way that is left."""
    CHECK = "location.check"
    """Look whether one thing can be read that the sync needs, and keep what was found."""
    PROBE = "location.probe"
    """Measure in which window the CRM counts the location's calls."""
    CALL = "crm.call"
    """Make one call of the CRM's API that somebody asked for by name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something owed to a contact, before it is a row of the ledger.

    Attributes:
        kind: what to do.
        location: id of the location in the CRM.
        contact: our id of the contact; 0 means the location itself.
        subject: which of several things of that kind, e.g. the id of a note; 0 where the kind
            has only one. Two waiting wishes of one kind, contact and subject are one job.
        lane: how urgent it is.
        run: id of the run that asks for it, for its progress.
        due_at: not before then, seconds since the epoch (UTC).
    """

    kind: Kind
    location: str
    contact: int = 0
    subject: int = 0
    lane: Lane = Lane.BULK
    run: int | None = None
    due_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """What travels over the belt: ids only, no personal data.

    ``release`` counts how often the job was released. A worker that holds an older number than
    the ledger's holds a stale delivery and stops.
    """

    job: int
    release: int
    kind: Kind
    location: str
    contact: int
    lane: Lane


@dataclass(frozen=True, slots=True)
class Job:
    """A released job that a worker has claimed, as the ledger knows it.

    Attributes:
        doubtful: an earlier attempt may have taken effect without our seeing the answer, so look
            before writing.
        attempts: failed attempts so far.
        lease_until: seconds since the epoch; after it, the job may be given to somebody else.
        code: why the attempt before this one came to nothing; None: there was none.
    """

    id: int
    release: int
    kind: Kind
    location: str
    contact: int
    subject: int
    lane: Lane
    attempts: int
    doubtful: bool
    run: int | None
    lease_until: float
    code: str | None = None


OAUTH: Final = "oauth"
"""Where jobs about access stand, and the bucket of their calls: not a location of the CRM, so the
pause of one that waits for its token does not hold the token's renewal up."""

WRITING: Final[frozenset[Kind]] = frozenset({Kind.PUSH, Kind.TAG, Kind.NOTE, Kind.TASK, Kind.DOUBT})
"""Kinds of job that change the CRM's data by themselves: in read-only mode they wait. What
``crm.call`` does depends on what was asked for."""

WALKS: Final[frozenset[Kind]] = frozenset({Kind.PAGE, Kind.TASK_WALK})
"""Kinds of job that read one page of a list and put the job of the next one."""

URGENCY: Final[dict[Lane, int]] = {Lane.LIVE: 0, Lane.BULK: 1, Lane.SWEEP: 2}
"""Lanes as the ledger stores and orders them: smaller is sooner."""

LANES: Final[tuple[Lane, ...]] = tuple(sorted(URGENCY, key=URGENCY.__getitem__))

LAST: Final = 3
"""As which urgency the ledger stores a change of tags that nobody waits for: after all else of its
location, so that those who are owed the same have come together by then. It travels as a sweep."""


def stored(kind: Kind, lane: Lane) -> int:
    """The urgency of a job of that kind, as the ledger stores it."""
    return LAST if kind is Kind.TAG and lane is not Lane.LIVE else URGENCY[lane]


def lane_of(urgency: int) -> Lane:
    """In which lane a job of that stored urgency travels."""
    return LANES[min(urgency, len(LANES) - 1)]
