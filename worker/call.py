"""One call of the CRM's API that somebody asked for by name, and never twice where twice is more.

What follows an attempt of which nobody knows the effect says the operation's row in the catalogue:
done again, looked for first, or parked as perhaps done (see docs/calls.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contacts.catalogue import BY_NAME, Operation, Repeat, Token
from contacts.catalogue.checking import Request
from contacts.errors import AccessLost, ContactGone, CrmRefused, GiveUp, NotYet, SyncError
from contacts.jobs import Job
from contacts.store import asked, audit, grants, inbox
from contacts.store.asked import Asked
from contacts.store.database import Tx
from contacts.store.grants import Of
from worker.access import OVER, WAIT_S, over
from worker.call_looks import JUST_NOW_S, SKEW_S, find
from worker.crm.client import Desk
from worker.workbench import Effect, Workbench

PERHAPS: Final = "perhaps-done"

OF_THIS_CALL: Final = frozenset({"scope", "token-class", "access-lost"})
"""Access that an odd call may lack while the sync has all that it needs: the location goes on, and
where it lacks it too, the sync's own jobs find that out."""

GONE: Final[Mapping[str, Any]] = {"gone": True}
"""Kept as the answer of a delete that an earlier attempt had done already."""


@dataclass(frozen=True, slots=True)
class Case:
    """One job, with all that is known before the CRM is asked.

    Attributes:
        rule: what follows a lost answer.
        now: seconds since the epoch.
    """

    job: Job
    desk: Desk
    operation: Operation
    wanted: Asked
    rule: Repeat
    now: float


def call(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Make the call; keep its answer, and have the contacts looked at that it changed.

    Raises:
        SyncError: see ``worker.crm.answers``.
        GiveUp: it was forgotten; or perhaps done, and a person must look.
    """
    with bench.store.read() as tx:
        wanted = asked.get(tx, job.subject, bench.cipher)
    operation = None if wanted is None else BY_NAME.get(wanted.operation)
    if wanted is None or operation is None:
        raise GiveUp("what was asked for is not kept any more: ask anew", code="call-unknown")
    rule = how(operation, wanted.request)
    desk = _desk(job, bench, trail, operation, wanted)
    try:
        answer = _answer(Case(job, desk, operation, wanted, rule, bench.clock()))
    except GiveUp as error:
        # The CRM's sentences name a note or a contact; a person wants to know what was asked.
        reason = f"{operation.name}: {error.reason}"
        raise GiveUp(reason, code=error.code, doubtful=error.doubtful) from None

    def effect(tx: Tx) -> None:
        now = bench.clock()
        asked.answer(tx, wanted.id, answer, bench.cipher, now=now)
        if changed := changed_contacts(operation, wanted.request, answer):
            inbox.look(tx, job.location, changed, now=now, lane=job.lane)

    return effect


def _desk(
    job: Job, bench: Workbench, trail: list[audit.Call], operation: Operation, wanted: Asked
) -> Desk:
    """The CRM, with the token that the operation wants.

    Raises:
        GiveUp: no such agency has installed the app.
        NotYet: its token is over, and about to be renewed.
    """
    if operation.token is not Token.AGENCY:
        return bench.desk(job, trail)
    company = str(wanted.request.query.get("companyId"))
    with bench.store.read() as tx:
        found = grants.shown(tx, Of.COMPANY, company, bench.cipher)
    if found is None:
        raise GiveUp(
            f"{operation.name}: no agency with this companyId has installed the app: "
            "`rollbook connect`",
            code="no-agency",
        )
    if over(found, bench.clock()):
        raise NotYet("the agency's access token is over", seconds=WAIT_S, code=OVER)
    return bench.desk(job, trail, token=found.access)


def _answer(case: Case) -> Mapping[str, Any]:
    job, operation = case.job, case.operation
    if job.doubtful and operation.writes:
        # A person who was told that it is perhaps done, and retried it, has looked.
        if case.rule is Repeat.ASK and job.code != PERHAPS:
            raise _perhaps()
        found = _looked_for(case, since=case.wanted.asked_at - SKEW_S)
        if found is not None:
            return found
    try:
        return case.desk.anything(operation, case.wanted.request)
    except AccessLost as error:
        if error.code in OF_THIS_CALL or operation.token is Token.AGENCY:
            raise GiveUp(error.reason, code=error.code) from None
        raise
    except (ContactGone, CrmRefused) as error:
        return _refused(case, error)
    except SyncError as error:
        if error.doubtful and case.rule is Repeat.ASK:
            raise _perhaps() from None
        raise


def _looked_for(case: Case, *, since: float) -> Mapping[str, Any] | None:
    if case.rule is not Repeat.LOOK:
        return None
    return find(case.desk, case.operation, case.wanted, since=since)


def _refused(case: Case, error: ContactGone | CrmRefused) -> Mapping[str, Any]:
    """A refusal that says that it is done.

    Raises:
        CrmRefused, GiveUp: it does not.
    """
    if case.job.doubtful and case.operation.method == "DELETE" and _is_gone(error):
        return GONE
    if isinstance(error, ContactGone):
        raise GiveUp(error.reason, code="crm-refused") from None
    if error.perhaps_done:
        found = _looked_for(case, since=case.now - JUST_NOW_S)
        if found is not None:
            return found
    raise error


def _is_gone(error: ContactGone | CrmRefused) -> bool:
    """What a thing answers that is not there is not published: 400 of a contact, 404 or so."""
    return isinstance(error, ContactGone) or error.status in (400, 404)


def _perhaps() -> GiveUp:
    return GiveUp(
        "perhaps done: an answer was lost, and to do it twice is not the same as once; look in "
        "the CRM, then retry it or let it be",
        code="perhaps-done",
        doubtful=True,
    )


def how(operation: Operation, request: Request) -> Repeat:
    """What follows a lost answer of this very call."""
    if (request.body or {}).get("createNewIfDuplicateAllowed") is True:
        return Repeat.ASK  # an upsert that makes a double is no upsert
    return operation.repeat


def changed_contacts(
    operation: Operation, request: Request, answer: Mapping[str, Any]
) -> tuple[str, ...]:
    """The CRM's ids of the contacts that a call has changed, or perhaps made."""
    if not operation.writes or not operation.path.startswith("/contacts/"):
        return ()
    if operation.ids[:1] == ("contactId",):
        return request.ids[:1]
    many = (request.body or {}).get("contacts") or (request.body or {}).get("ids")
    if isinstance(many, list):
        return tuple(one for one in many if isinstance(one, str))
    made = answer.get("contact")
    id = made.get("id") if isinstance(made, Mapping) else None
    return (id,) if isinstance(id, str) and id else ()
