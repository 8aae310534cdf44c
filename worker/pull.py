"""The CRM says that a contact changed: an echo costs no call, news costs one read and a merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from contacts import echoes
from contacts.cleaning import Value
from contacts.echoes import Judged, Verdict
from contacts.errors import TryAgain
from contacts.events import CONTACT, LOOK, WORKFLOW
from contacts.jobs import Job
from contacts.store import audit, forgotten, inbox, ledger, meeting, newcomers, sightings, watching
from contacts.store.database import Tx
from contacts.store.inbox import Heard, Remote
from worker import gone
from worker.crm.client import Desk, Theirs
from worker.hearing import pass_on, settled
from worker.seen import read, seen
from worker.workbench import Effect, Workbench, nothing

HEEDED = CONTACT | {WORKFLOW, LOOK}

log = structlog.get_logger("rollbook.worker")


@dataclass(frozen=True, slots=True)
class Case:
    """One job, with all that is known before the CRM is asked.

    Attributes:
        heard: the events that wait.
        shown: what each of them shows of the contact, by its id.
        known: what answers of the CRM showed of it.
    """

    job: Job
    remote: Remote
    heard: Sequence[Heard]
    shown: Mapping[int, Theirs | None]
    known: Sequence[echoes.Sighting]


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Judge the events that wait; where one is news, read the contact and merge it.

    Raises:
        SyncError: see ``worker.crm.answers``.
        TryAgain: the answer is older than the event.
    """
    with bench.store.read() as tx:
        remote = inbox.remote(tx, job.subject)
        heard = inbox.waiting(tx, job.subject, HEEDED)
        known = sightings.of(tx, remote.contact) if remote and remote.contact else []
    if remote is None:  # forgotten, while an event of theirs came in
        return settled({one.id: "forgotten" for one in heard}, bench)
    if not heard:
        return nothing
    if remote.contact not in (0, job.contact):
        return pass_on(job, remote.contact, bench)  # it was linked since: one job at a time
    desk = bench.desk(job, trail)
    case = Case(job, remote, heard, {one.id: desk.shown(one.payload) for one in heard}, known)
    return _of_known(case, desk, bench) if remote.contact else _of_stranger(case, desk, bench)


# ---------------------------------------------------------------- a contact that is linked


def _of_known(case: Case, desk: Desk, bench: Workbench) -> Effect:
    judged = _judge(case)
    if all(one.verdict is not Verdict.NEWS for one in judged.values()):
        return _effect(case, judged, bench)
    theirs = read(desk, case.remote.remote_id)
    if theirs is None:
        return gone.contact(case.job, case.remote, desk, bench, [one.id for one in case.heard])
    _check_age(case, judged, theirs)
    return _effect(case, judged, bench, theirs)


def _check_age(case: Case, judged: Mapping[int, Judged], theirs: Theirs) -> None:
    """An answer from before the event, which knows nothing of it: the CRM's copies lag. Once.

    Raises:
        TryAgain: read it again in a moment.
    """
    for event in case.heard:
        shown = case.shown[event.id]
        if (
            case.job.attempts == 0
            and judged[event.id].verdict is Verdict.NEWS
            and shown is not None
            and theirs.updated_at is not None
            and echoes.outdated(event.at, shown.marks, theirs.updated_at, theirs.marks)
        ):
            raise TryAgain("the CRM's answer is older than its webhook", code="stale-answer")


def _judge(case: Case) -> dict[int, Judged]:
    """A verdict on each event; an echo that one of them is accounts for no other."""
    known = {one.id: one for one in case.known}
    verdicts: dict[int, Judged] = {}
    for event in case.heard:
        shown = case.shown[event.id]
        if event.type in (WORKFLOW, LOOK) or shown is None:
            verdicts[event.id] = Judged(Verdict.NEWS)
            continue
        found = echoes.judge(event.type, event.at, shown.marks, list(known.values()))
        if found.of is not None:
            heard = {**found.of.heard, event.type: event.at}
            known[found.of.id] = replace(found.of, heard=heard)
        verdicts[event.id] = found
    return verdicts


def _effect(
    case: Case, judged: Mapping[int, Judged], bench: Workbench, theirs: Theirs | None = None
) -> Effect:
    job, contact = case.job, case.remote.contact

    def effect(tx: Tx) -> None:
        now = bench.clock()
        if theirs is not None:
            news = [one for one in case.heard if judged[one.id].verdict is Verdict.NEWS]
            met = meeting.meet(tx, job, contact, seen(theirs), now=now, why=_why(news))
            if met.changed or met.losses:
                log.debug("pulled", contact=contact, changed=met.changed, lost=len(met.losses))
        known = sightings.of(tx, contact)
        for event in case.heard:
            _account(tx, case, event, judged[event.id], known)
        _restore(tx, case, judged, known, now)
        words = {
            id: "read" if one.verdict is Verdict.NEWS else one.verdict.value
            for id, one in judged.items()
        }
        inbox.settle(tx, words, now=now)

    return effect


def _account(
    tx: Tx, case: Case, event: Heard, judged: Judged, known: Sequence[echoes.Sighting]
) -> None:
    """Note which state an event belongs to: of the states before, or the one just read."""
    shown = case.shown[event.id]
    if shown is None or judged.verdict is Verdict.OLD:
        return
    found = echoes.judge(event.type, event.at, shown.marks, known)
    if found.of is not None:
        sightings.hear(tx, found.of, event.type, event.at)


def _restore(
    tx: Tx,
    case: Case,
    judged: Mapping[int, Judged],
    known: Sequence[echoes.Sighting],
    now: float,
) -> None:
    """What our own write covered before we saw it is decided by the fields' rules, late."""
    for event in case.heard:
        shown = case.shown[event.id]
        if shown is None or judged[event.id].verdict is Verdict.ECHO:
            continue
        lost = echoes.overwritten(event.type, event.at, shown.marks, known)
        if lost is None:
            continue
        values: dict[str, Value] = {name: shown.values.get(name, "") for name in lost.fields}
        why, contact = _why([event]), case.remote.contact
        meeting.restore(tx, case.job, contact, values, at=event.at, now=now, why=why)
        sightings.hear(tx, lost.by, event.type, event.at)


def _why(heard: Sequence[Heard]) -> str:
    """What led to a meeting, as the timeline keeps it."""
    return ", ".join(f"webhook {one.id} {one.type}" for one in heard)


# ---------------------------------------------------------------- a contact that is nobody here yet


def _of_stranger(case: Case, desk: Desk, bench: Workbench) -> Effect:
    """Link it to the contact of ours that it is, or adopt it."""
    ids = [one.id for one in case.heard]
    if all(event.type == "ContactDelete" for event in case.heard):
        return settled(dict.fromkeys(ids, "stranger"), bench)
    if _forgotten(case, bench):
        return settled(dict.fromkeys(ids, "forgotten"), bench)
    namesake = _namesake(case, bench)
    if namesake and not case.job.contact:
        return pass_on(case.job, namesake, bench)  # its push may be about to link it
    if not namesake and not bench.settings.adopt:
        return settled(dict.fromkeys(ids, "stranger"), bench)
    theirs = read(desk, case.remote.remote_id)
    if theirs is None:
        return settled(dict.fromkeys(ids, "gone"), bench)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        found = newcomers.place(
            tx,
            case.job.location,
            theirs.id,
            theirs.values,
            also=theirs.also,
            adopt=bench.settings.adopt,
            now=now,
            job=case.job,
            why=_why(case.heard),
        )
        if found is not None:
            meeting.meet(tx, case.job, found, seen(theirs), now=now, why=_why(case.heard))
            ledger.unpark_contact(tx, case.job.location, found, code="not-linked", now=now)
            if not namesake and all(event.type == LOOK for event in case.heard):
                watching.was_so_before(tx, found, now=now)
            for event in case.heard:
                _account(tx, case, event, Judged(Verdict.NEWS), sightings.of(tx, found))
        inbox.settle(tx, dict.fromkeys(ids, "stranger" if found is None else "read"), now=now)

    return effect


def _forgotten(case: Case, bench: Workbench) -> bool:
    """Whether this person was forgotten here on request: then the CRM is not even asked."""
    newest = case.shown[case.heard[-1].id]
    values = {} if newest is None else newest.values
    with bench.store.read() as tx:
        place, remote_id = case.job.location, case.remote.remote_id
        return forgotten.has(tx, place, values, remote_id=remote_id)


def _namesake(case: Case, bench: Workbench) -> int | None:
    """A contact of ours with the email or phone that the newest event shows."""
    newest = case.shown[case.heard[-1].id]
    if newest is None:
        return None
    with bench.store.read() as tx:
        return newcomers.namesake(tx, case.job.location, newest.values, newest.also)
