"""What the clock begins: the nightly walk of each location, and the scan of what changed lately."""

from __future__ import annotations

from datetime import UTC, datetime

from contacts.store import accounts, audit, walks
from contacts.store.accounts import Location
from worker.workbench import Workbench

FIRST_SCAN_S = 3600.0
"""How far the first scan of a location looks back; and one after a long pause. What is older, the
night finds."""

SPARE = 0.1
"""The last tenth of a day's calls is not for scans."""


def begin_walks(bench: Workbench) -> set[str]:
    """Begin the nightly run of each location that has a token, each at its own moment; one whose
    run is still under way is left alone.

    Returns:
        the locations that have one now.
    """
    settings, walked = bench.settings, set()
    way = walks.way_of(settings.reconcile_by, settings.crm_version)
    for location in accounts.locations(bench.store):
        if not location.has_token:
            continue
        with bench.store.write() as tx:
            now = bench.clock()
            walks.begin(
                tx,
                location.id,
                way=way,
                title="night",
                now=now,
                due_at=now + walks.jitter_s(location.id, settings.night_spread),
            )
        walked.add(location.id)
    return walked


def begin_scans(bench: Workbench) -> int:
    """Begin a scan of each location that has calls to spare.

    Returns:
        how many.
    """
    begun = 0
    for location in accounts.locations(bench.store):
        now = bench.clock()
        title = f"scan {datetime.fromtimestamp(now, UTC):%Y-%m-%d}"
        if location.has_token and _may_scan(bench, location, title):
            with bench.store.write() as tx:
                run = walks.scan(tx, location.id, title=title, back_s=FIRST_SCAN_S, now=now)
            begun += run is not None
    return begun


def _may_scan(bench: Workbench, location: Location, title: str) -> bool:
    """Whether nothing holds the location up, and today's scans have calls left of their share."""
    if location.paused_until is not None:
        return False
    per_day = accounts.allowed(bench.settings, location).per_day
    left = location.limits_seen.get("day_left")
    if left is not None and left < SPARE * per_day:
        return False
    run = walks.run_called(bench.store, location.id, title)
    if run is None:
        return True
    used = sum(one.calls for one in audit.by_operation(bench.store, run=run))
    return used < per_day * bench.settings.scan_percent / 100
