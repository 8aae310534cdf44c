"""What is done about a token that is refused or over, and the tools of the jobs about access.

refused, of a grant     renewed once, by a job of its own; the location waits for it
refused anew            the CRM refuses what it gave just now: the location waits for a person
any other refusal       as ``worker.crm.access`` says: a person changes something
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from contacts.errors import AccessLost, NotYet, TryLater
from contacts.jobs import Job
from contacts.settings import Settings
from contacts.store import renewals
from contacts.store.database import Tx
from contacts.store.grants import Of, Shown
from contacts.store.renewals import RENEWING, Verdict
from worker.crm.access import PAUSE_S
from worker.crm.connections import Connections
from worker.crm.oauth import App, OAuth
from worker.crm.transport import LimitedTransport, Limiter, Timeouts

WAIT_S: Final = 60.0
"""A location waits so long for its new token: it comes sooner, and ends the pause."""

REFUSED: Final = "token"
OVER: Final = "token-over"

SAID: Final = (
    "the CRM refuses a token that it gave just now: look whether the app is still installed in the "
    "location, then `rollbook connect` again"
)


@dataclass(slots=True)
class Access:
    """What a process needs for access: which tokens its jobs show, and the OAuth server.

    Attributes:
        shown: by job, of which generation is the token that it shows, while it runs.
    """

    shown: dict[int, int] = field(default_factory=dict)
    _server: OAuth | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def server(self, build: Callable[[], OAuth]) -> OAuth:
        """The OAuth server, one for the process."""
        with self._lock:
            if self._server is None:
                self._server = build()
            return self._server


def open_server(
    settings: Settings,
    limiter: Limiter,
    *,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    random: Callable[[], float],
) -> OAuth:
    """The way to the OAuth server.

    Raises:
        UsageError: the settings name no app.
    """
    timeouts = Timeouts(connect=settings.connect_timeout, read=settings.read_timeout)
    connections = Connections(
        secure=settings.crm_url.startswith("https:"),
        wrap=lambda inner: LimitedTransport(
            inner, limiter=limiter, timeouts=timeouts, sleep=sleep, clock=clock
        ),
    )
    return OAuth(
        App.of(settings),
        connections,
        url=settings.crm_url,
        version=settings.crm_version,
        clock=clock,
        random=random,
    )


def over(token: Shown | None, now: float) -> bool:
    """Whether a token's time is over, so that a call with it would be in vain."""
    return token is not None and token.expires_at <= now


def heed(
    tx: Tx,
    job: Job,
    error: TryLater,
    generation: int | None,
    *,
    now: float,
    forget: Callable[[str], None],
) -> TryLater:
    """What a refusal means for a job whose location has a grant; other errors as they are.

    Args:
        generation: of the token that the job showed; None: it was no grant's.
        forget: drops what this process knows of a location's token.
    """
    if not isinstance(error, AccessLost) or error.code not in (REFUSED, OVER):
        return error
    forget(job.location)
    if error.code == OVER:
        renewals.want(tx, Of.LOCATION, job.location, now=now)
        return renewing()
    if generation is None:
        return error
    verdict = renewals.refused(tx, Of.LOCATION, job.location, generation, now=now)
    return meaning(verdict) or error


def meaning(verdict: Verdict) -> TryLater | None:
    """What a verdict means for the job whose token was refused; None: nothing of its own."""
    match verdict:
        case Verdict.RENEW:
            return renewing()
        case Verdict.OLD:
            return NotYet("there is a newer token", seconds=0.0, code="token-renewed")
        case Verdict.LOST:
            return AccessLost(SAID, seconds=PAUSE_S, code=REFUSED, pause=True)
        case Verdict.NONE:
            return None


def renewing() -> AccessLost:
    """The location waits for its new token, and for nothing else."""
    return AccessLost(RENEWING, seconds=WAIT_S, code="token-renewing", pause=True)
