"""What an install leads to: its code is exchanged, an agency's locations are looked up.

access.exchange     the code of ``rollbook connect`` for tokens
access.locations    one page of the locations in which the app is installed; each is to have
                    tokens of its own (``access.refresh``)
"""

from __future__ import annotations

from contacts.errors import AccessLost, CrmUnavailable, UsageError
from contacts.jobs import Job
from contacts.store import audit, consents, grants, installs, renewals
from contacts.store.database import Tx
from contacts.store.grants import Of, Tokens
from worker.access import over
from worker.access_renew import agency_first, agency_refused, patiently
from worker.crm.access import PAUSE_S
from worker.crm.oauth_answers import Refused
from worker.workbench import Effect, Workbench, nothing

CONNECT_AGAIN = "install it once more: `rollbook connect`"


def exchange(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Exchange the code that a browser brought back.

    A code is good once. Where the answer is lost nobody knows what it gave, not even whose it was:
    then the person connects again, or INSTALL's webhook heals it.
    """
    try:
        with bench.store.read() as tx:
            found = consents.code(tx, job.subject, bench.cipher)
    except UsageError as error:
        raise AccessLost(str(error), seconds=PAUSE_S, code="no-token") from None
    if found is None:
        return nothing
    code, came_at = found
    if bench.clock() - came_at > consents.CODE_S:
        return _in_vain(job, bench, "the code was too old when a worker came to it")
    try:
        tokens = bench.oauth(job, trail).for_code(code)
    except Refused as refused:
        lost = "; the answer to the first attempt was lost" if job.doubtful else ""
        return _in_vain(job, bench, refused.reason + lost)
    except CrmUnavailable as error:
        if not error.doubtful or job.attempts + 1 < bench.settings.attempts:
            raise
        return _in_vain(job, bench, error.reason)
    # Not with ``done``: tokens that stayed in a worker that dies are tokens that nobody has.
    patiently(bench, lambda tx: _keep(tx, job, tokens, bench))
    bench.forget(tokens.owner)
    return nothing


def _keep(tx: Tx, job: Job, tokens: Tokens, bench: Workbench) -> None:
    id = renewals.put(tx, tokens, cipher=bench.cipher, now=bench.clock())
    consents.settle(tx, job.subject, now=bench.clock(), grant_id=id)


def _in_vain(job: Job, bench: Workbench, why: str) -> Effect:
    def effect(tx: Tx) -> None:
        consents.settle(tx, job.subject, now=bench.clock(), reason=f"{why}; {CONNECT_AGAIN}")

    return effect


def locations(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Read one page of an agency's locations."""
    with bench.store.read() as tx:
        agency = grants.by_id(tx, job.subject)
        if agency is None:
            return nothing
        try:
            shown = grants.shown(tx, Of.COMPANY, agency.owner, bench.cipher)
        except UsageError as error:
            raise AccessLost(str(error), seconds=PAUSE_S, code="no-token") from None
    if shown is None:  # uninstalled meanwhile
        return nothing
    if over(shown, bench.clock()):
        with bench.store.write() as tx:
            renewals.want(tx, Of.COMPANY, agency.owner, now=bench.clock())
        raise agency_first()
    try:
        page = bench.oauth(job, trail).installed(shown.access, agency.owner, agency.cursor)
    except AccessLost as error:
        meant = agency_refused(error, shown, agency.owner, bench)
        if isinstance(meant, AccessLost):  # a person waits for it, and may mend it
            patiently(bench, lambda tx: installs.say(tx, agency, meant.reason))
        raise meant from None

    def effect(tx: Tx) -> None:
        installs.walked(tx, agency, page.locations, cursor=page.cursor, now=bench.clock())

    return effect
