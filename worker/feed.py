"""One page of what changed on the course platform: into the roster, and into the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import structlog

from contacts.jobs import Job, Kind, Lane, Wish
from contacts.platform_people import Understood, of_row
from contacts.platforms import Platform
from contacts.store import (
    accounts,
    audit,
    feeds,
    ledger,
    platform_links,
    policies,
    roster,
)
from contacts.store.database import Tx
from worker.platforms.connector import Can, Row
from worker.workbench import Effect, Workbench, nothing

FEW: Final = 50
"""Rows of the last page that are live; more are bulk, or they would hold other live jobs up."""

log = structlog.get_logger("rollbook.worker")


def location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One query or call; the rows and the cursor are kept in one commit. A full page is followed by
    another job.

    Raises:
        SyncError: see ``worker.platforms.answers``.
    """
    outlet = bench.outlet(job.location)
    connector = bench.connector(job, trail)
    if Can.FEED not in connector.can:
        return nothing
    source = source_of(outlet.platform)
    with bench.store.read() as tx:
        cursor = feeds.cursor(tx, job.location, source)
    page = connector.changes(cursor, now=bench.clock())
    country = accounts.location(bench.store, job.location).country or bench.settings.country

    def effect(tx: Tx) -> None:
        now = bench.clock()
        # A few changes are somebody's, as a webhook is; a whole page is a backfill of many.
        lane = Lane.BULK if page.more or len(page.rows) > FEW else Lane.LIVE
        changed, rejected = _take_in(
            tx, job, outlet.platform, page.rows, country=country, lane=lane, now=now
        )
        counts = {"rows": len(page.rows), "changed": changed, "rejected": rejected}
        feeds.keep(tx, job.location, source, page.cursor, **counts, now=now)
        if page.more:
            ledger.put(tx, [Wish(Kind.FEED, job.location, lane=job.lane)], now=now)

    return effect


def source_of(platform: Platform) -> str:
    """Which table or list it is: with another one the reading begins anew."""
    feed = platform.feed
    where = (platform.url, feed.table, feed.path, feed.updated, feed.key) if feed else ()
    return hashlib.sha256(repr(where).encode()).hexdigest()[:40]


def _take_in(
    tx: Tx,
    job: Job,
    platform: Platform,
    rows: Sequence[Row],
    *,
    country: str,
    lane: Lane,
    now: float,
) -> tuple[int, int]:
    """How many contacts changed, and how many rows could not be used."""
    policy = policies.of(tx, job.location)
    roster.lock(tx, job.location)
    ids = platform_links.by_key(tx, job.location, [row.key for row in rows])
    read = [
        (row, of_row(platform, row.cells, country=country, policy=policy, contact=ids.get(row.key)))
        for row in rows
    ]
    known = [(row, one) for row, one in read if one.person is not None]
    _complain(read)
    people = [one.person for _, one in known if one.person is not None]
    done = roster.upsert(tx, job.location, people, now=now)
    ledger.put(tx, roster.wishes(job.location, done, lane=lane), now=now)
    met = [
        (outcome.contact, row.key, one.told)
        for outcome, (row, one) in zip(done, known, strict=True)
        if row.key and not outcome.forgotten
    ]
    platform_links.seen(tx, job.location, met, now=now)
    # What somebody changed on the platform although the CRM decides over it is put right there.
    owing = platform_links.owing(tx, {contact for contact, _, _ in met}, platform.write_back)
    wishes = [Wish(Kind.PLATFORM, job.location, contact, lane=lane) for contact in owing]
    ledger.put(tx, wishes, now=now)
    return len({one.contact for one in done if one.changed}), len(read) - len(known)


def _complain(read: Sequence[tuple[Row, Understood]]) -> None:
    """Say which rows are wrong: by the platform's key, without a value."""
    for row, one in read:
        if one.person is None or one.problems:
            wrong = [f"{problem.field} {problem.reason}" for problem in one.problems]
            log.warning(
                "a row of the platform cannot be used"
                if one.person is None
                else "a value of the platform cannot be used",
                key=row.key,
                why="; ".join(wrong) or "neither email nor phone",
            )
