"""Renew one grant's tokens (``access.refresh``): one call, by the way that is left.

    refresh     the refresh token               refused ► company or reconnect
    company     the agency's access token       refused ► reconnect
    reconnect   a code, for the app's secret    refused ► lost: a person must install again
    code        that code                       refused ► reconnect, once more

The right to call is a lease on the grant's row, taken in a commit of its own before the call; the
new pair is kept in a commit of its own right after it, before the job is settled: a pair that
stayed in a worker that dies is one that nobody has (docs/decisions/0019).

An answer that is lost is asked for again at once: for 30 s the CRM gives the same one again
(its changelog). After that the refresh token is used, and the reconnect call heals it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contacts.errors import AccessLost, CrmRefused, GiveUp, NotYet, TryAgain, TryLater, UsageError
from contacts.jobs import Job, Lane
from contacts.store import accounts, audit, grants, ledger, renewals
from contacts.store.database import DatabaseDown, Tx
from contacts.store.grants import Grant, Of, Shown, State, Tokens, Way
from contacts.store.renewals import Lease, Verdict
from worker.access import REFUSED, SAID, over
from worker.crm.access import PAUSE_S
from worker.crm.oauth import OAuthDesk
from worker.crm.oauth_answers import Refused, Why
from worker.workbench import Effect, Workbench, nothing

SPARE_S: Final = 10.0
"""A lease outlives the longest call by so much: the call has ended before anybody else begins."""

KEEP_WAITS_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
"""How long a database that is away is waited for with new tokens in hand; the CRM's 30 s of grace
are longer."""

AGENCY_WAIT_S: Final = 30.0
"""How long a location waits for its agency's token: a thousand of them must not ask each second. It
is renewed an hour before its end, so this is rare."""

LOST: Final = (
    "the CRM gives no tokens any more: the app is not installed, or its access was taken away; "
    "install it again (`rollbook connect`)"
)


def grant(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Renew a grant, unless that is done already or somebody else is at it."""
    lease = _take(job, bench)
    if lease is None:
        return _wait_for_others(job, bench)
    try:
        found = _call(lease, job, bench, trail)
    except Refused as refused:
        return _turn(lease, refused, job, bench)
    except (TryLater, TryAgain) as error:
        _let_go(lease, error, bench)
        raise
    patiently(bench, lambda tx: _keep(tx, lease, found, bench))
    bench.forget(lease.grant.owner)
    return nothing


def _take(job: Job, bench: Workbench) -> Lease | None:
    try:
        with bench.store.write() as tx:
            return renewals.take(
                tx,
                job.subject,
                cipher=bench.cipher,
                now=bench.clock(),
                lease_s=bench.settings.call_seconds + SPARE_S,
                margin_s=bench.settings.oauth_margin,
            )
    except UsageError as error:
        raise AccessLost(str(error), seconds=PAUSE_S, code="no-token") from None


def _wait_for_others(job: Job, bench: Workbench) -> Effect:
    """Nothing is due; or somebody has the right, and this job looks again when it has run out."""
    now = bench.clock()
    with bench.store.read() as tx:
        found = grants.by_id(tx, job.subject)
    if found is None or not found.lease_until or found.lease_until <= now:
        return nothing
    raise NotYet("somebody else renews it", seconds=found.lease_until - now, code="token-renewing")


def _call(lease: Lease, job: Job, bench: Workbench, trail: list[audit.Call]) -> Tokens | str:
    """The one call; its answer is tokens or a code.

    Raises:
        Refused: the way is closed.
        SyncError: any other failure.
    """
    grant = lease.grant
    kind = Of(grant.kind)
    if grant.way == Way.COMPANY:
        agency = _agency(grant, bench)
        return _exchanged(bench.oauth(job, trail, until=lease.until), agency, grant, bench)
    desk = bench.oauth(job, trail, until=lease.until)
    if grant.way == Way.RECONNECT:
        return desk.code(kind, grant.owner)
    if grant.way == Way.CODE and lease.code is not None:
        return desk.for_code(lease.code)
    if lease.refresh is None:
        raise Refused("there is no refresh token", Why.GRANT)
    return desk.refreshed(lease.refresh, kind)


def _agency(grant: Grant, bench: Workbench) -> Shown:
    """The access token of a location's agency.

    Raises:
        NotYet: it is renewed first.
        Refused: there is none.
    """
    company = grant.company or ""
    with bench.store.read() as tx:
        shown = grants.shown(tx, Of.COMPANY, company, bench.cipher)
    if shown is None:
        raise Refused("the agency has no tokens", Why.GRANT)
    if over(shown, bench.clock()):
        with bench.store.write() as tx:
            renewals.want(tx, Of.COMPANY, company, now=bench.clock())
        raise agency_first()
    return shown


def _exchanged(desk: OAuthDesk, agency: Shown, grant: Grant, bench: Workbench) -> Tokens:
    try:
        return desk.of_location(agency.access, grant.company or "", grant.owner)
    except CrmRefused as error:
        raise Refused(error.reason, Why.OTHER) from None
    except AccessLost as error:
        if error.code == "other-location":  # no longer the agency's, or not installed there
            raise Refused(error.reason, Why.OTHER) from None
        raise agency_refused(error, agency, grant.company or "", bench) from None


def agency_first() -> NotYet:
    """A job waits for the token of its agency."""
    reason = "the agency's token is renewed first"
    return NotYet(reason, seconds=AGENCY_WAIT_S, code="token-renewing")


def agency_refused(
    error: AccessLost, agency: Shown, company: str, bench: Workbench
) -> AccessLost | NotYet:
    """What it means that the CRM refused an agency's access token."""
    if error.code != REFUSED:
        return error
    with bench.store.write() as tx:
        verdict = renewals.refused(tx, Of.COMPANY, company, agency.generation, now=bench.clock())
    first = verdict in (Verdict.RENEW, Verdict.OLD)
    return agency_first() if first else AccessLost(SAID, seconds=PAUSE_S, code=REFUSED)


def _keep(tx: Tx, lease: Lease, found: Tokens | str, bench: Workbench) -> None:
    if isinstance(found, Tokens):
        renewals.keep(tx, lease, found, cipher=bench.cipher, now=bench.clock())
    else:
        _go_by(tx, lease, Way.CODE, found, bench)


def _go_by(tx: Tx, lease: Lease, way: Way, code: str | None, bench: Workbench) -> None:
    """Get the next tokens by another way: a job of its own, for it is another call."""
    if renewals.turn(tx, lease, way, code=code, cipher=bench.cipher):
        ledger.put(tx, [grants.wish(lease.grant.id)], now=bench.clock())


def _turn(lease: Lease, refused: Refused, job: Job, bench: Workbench) -> Effect:
    """A way is closed: the next one, or the end.

    Raises:
        GiveUp: there is none left.
    """
    grant = lease.grant
    spent = grant.way == Way.CODE and job.attempts + 1 >= bench.settings.attempts
    if grant.way == Way.RECONNECT or spent:
        patiently(bench, lambda tx: _lose(tx, lease, bench))
        raise GiveUp(f"{LOST} ({refused.reason})", code="access-gone")
    way = Way.RECONNECT
    if grant.way == Way.REFRESH and grant.kind == Of.LOCATION and _has_agency(grant, bench):
        way = Way.COMPANY
    if grant.way == Way.CODE:
        patiently(bench, lambda tx: renewals.turn(tx, lease, way, code=None, cipher=bench.cipher))
        raise TryAgain(refused.reason, code="oauth-code")
    patiently(bench, lambda tx: _go_by(tx, lease, way, None, bench))
    return nothing


def _has_agency(grant: Grant, bench: Workbench) -> bool:
    with bench.store.read() as tx:
        agency = grants.of(tx, Of.COMPANY, grant.company or "")
    return agency is not None and agency.state == State.LIVE


def _lose(tx: Tx, lease: Lease, bench: Workbench) -> None:
    grant = lease.grant
    if renewals.lose(tx, lease, LOST) and grant.kind == Of.LOCATION:
        accounts.pause(tx, grant.owner, bench.clock() + PAUSE_S, LOST)


def _let_go(lease: Lease, error: TryLater | TryAgain, bench: Workbench) -> None:
    """The call is over, or was never made: the next attempt need not wait for the lease."""

    def write(tx: Tx) -> None:
        if not isinstance(error, AccessLost):
            renewals.let_go(tx, lease)
            return
        renewals.say(tx, lease, error.reason)
        if error.pause and lease.grant.kind == Of.LOCATION:
            accounts.pause(tx, lease.grant.owner, bench.clock() + error.seconds, error.reason)

    patiently(bench, write)


def put_due(bench: Workbench) -> int:
    """Beat's part: a job for each grant that is near its end; returns how many."""
    now = bench.clock()
    with bench.store.write() as tx:
        due = grants.due(tx, now=now, margin_s=bench.settings.oauth_margin)
        return ledger.put(tx, [grants.wish(id, Lane.SWEEP) for id in due], now=now)


def patiently(bench: Workbench, write: Callable[[Tx], object]) -> None:
    """One commit, waiting for a database that is only restarting.

    Raises:
        DatabaseDown: it stayed away; what was in hand is asked for again.
    """
    for wait in KEEP_WAITS_S:
        try:
            with bench.store.write() as tx:
                write(tx)
            return
        except DatabaseDown:
            bench.sleep(wait)
    with bench.store.write() as tx:
        write(tx)
