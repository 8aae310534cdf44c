"""What can go wrong, named for what happens next.

    SyncError
      TryLater      nothing failed: the attempt does not count
        RateLimited     no token within the patience, or the day's quota is used up
        LimiterDown     no Redis, so no token, so no call
        CrmBusy         429, or 503: the CRM asked us to come back
        AccessLost      401 / 403: the location waits for a person
        NotYet          something else has to happen first
      TryAgain      failed for now: the attempt counts, backoff
        CrmUnavailable  5xx, broken connection, time-out
      GiveUp        a person must look: the job is parked
        CrmRefused      the CRM refuses this contact, tag or note
        ContactGone     the CRM no longer knows the contact: first it is looked for
        Unsendable      ours: there is nothing that the CRM would take
        NotPlanned      the run has a plan, and this is not in it: the whole run ends
    UsageError      a person's mistake: one line, exit code 2

The texts go to logs, Flower and `rollbook parked`: they carry ids, field names and the CRM's
sentence with values masked, never an email, phone, name or note.
"""

from __future__ import annotations

DAY_OVER = "the day's calls are used up"
"""How the reason of a pause begins that ends when the CRM's day does."""


class UsageError(Exception):
    """A person's mistake: the message says what, where and what to do. Exit code 2."""


class SyncError(Exception):
    """Base of everything that a deed may end with instead of success.

    Args:
        reason: a sentence for the person who is called at night; no personal data.
        code: short, stable, for grouping (`rollbook parked --reason CODE`).
        doubtful: the call may have taken effect although no answer was seen.
    """

    code = "error"

    def __init__(self, reason: str, *, code: str | None = None, doubtful: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code or type(self).code
        self.doubtful = doubtful


class TryLater(SyncError):
    """Not a failure. The job waits again; its attempts stay as they are.

    Args:
        seconds: come back after this long.
        pause: hold the whole location back for that long, not just this job.
        bulk_only: with ``pause``: live jobs may go on.
    """

    code = "later"

    def __init__(
        self,
        reason: str,
        *,
        seconds: float,
        code: str | None = None,
        pause: bool = False,
        bulk_only: bool = False,
        doubtful: bool = False,
    ) -> None:
        super().__init__(reason, code=code, doubtful=doubtful)
        self.seconds = seconds
        self.pause = pause
        self.bulk_only = bulk_only


class RateLimited(TryLater):
    code = "rate-limited"


class LimiterDown(TryLater):
    code = "limiter-down"


class CrmBusy(TryLater):
    code = "crm-busy"


class AccessLost(TryLater):
    code = "access-lost"


class NotYet(TryLater):
    code = "not-yet"


class TryAgain(SyncError):
    """Failed for now. The attempt counts; the next one comes after a backoff."""

    code = "again"


class CrmUnavailable(TryAgain):
    code = "crm-unavailable"


class GiveUp(SyncError):
    """Trying again would not help. The job is parked until a person looks."""

    code = "give-up"


class CrmRefused(GiveUp):
    """The CRM refused what we sent.

    Args:
        status: HTTP status of the answer.
        twin: the CRM's id of the contact that is already there, where it named one.
        field: what that one has: email or phone; None: the CRM did not say.
    """

    code = "crm-refused"

    def __init__(
        self,
        reason: str,
        *,
        status: int,
        twin: str | None = None,
        field: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(reason, code=code)
        self.status = status
        self.twin = twin
        self.field = field

    @property
    def perhaps_done(self) -> bool:
        """The CRM has been seen to say 422 to what it then did (highlevel-api-docs#64): a look
        tells."""
        return self.status == 422

    @property
    def perhaps_moot(self) -> bool:
        """The thing that was to be changed may be gone (400 or 404, none is published), or changed
        all the same: a look tells."""
        return self.status in (400, 404) or self.perhaps_done


class ContactGone(GiveUp):
    code = "contact-gone"


class Unsendable(GiveUp):
    code = "unsendable"


class NotPlanned(GiveUp):
    """A run with a plan was about to write something else. Nothing was sent.

    Args:
        contact: our id of whom it was for; 0: nobody of ours.
        piece: what was to be written, see ``contacts.plans``; no values.
    """

    code = "not-planned"

    def __init__(self, contact: int, piece: str) -> None:
        super().__init__(f"contact {contact}: {piece} is not in the plan; nothing was sent")
        self.contact = contact
        self.piece = piece
