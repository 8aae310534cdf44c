"""A person begins a walk over the CRM's contacts, or lets one go on that asks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from contacts.errors import UsageError
from contacts.settings import Reconcile, Settings
from contacts.store import walks
from contacts.store.database import Store
from contacts.store.walks import Walk, Way

_SECONDS: Final = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


def moment(text: str, now: float) -> float:
    """``2h``, ``3d``, ``2026-11-24`` or ``2026-11-24T10:00`` (UTC) as seconds since the epoch.

    Raises:
        UsageError: it is none of these, or in the future.
    """
    ago = re.fullmatch(r"(\d{1,5})\s*([mhd])", text.strip())
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"--since {text} is no time: 30m, 2h, 3d, 2026-11-24 or 2026-11-24T10:00 (UTC)"
        ) from None
    at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if at > now:
        raise UsageError(f"--since {text} is in the future")
    return at


def begin(store: Store, settings: Settings, location: str, *, since: float | None) -> int:
    """Begin a run.

    Args:
        since: only what was changed in the CRM after it, seconds since the epoch.

    Returns:
        the run.

    Raises:
        UsageError: one is under way.
    """
    now = store.clock()
    # What somebody asks for is read, also where no night is to read it.
    by = Reconcile.LIST if settings.reconcile_by is Reconcile.OFF else settings.reconcile_by
    way = Way.NEWEST if since is not None else walks.way_of(by, settings.crm_version)
    title = "reconcile"
    if since is not None:
        title = f"since {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M}"
    with store.write() as tx:
        run = walks.begin(tx, location, way=way, title=title, since=since, now=now)
    if run is None:
        other = walks.under_way(store, location)
        raise UsageError(
            f"run {other} reconciles {location} already: `rollbook status {other}` shows how far "
            f"it is, `rollbook cancel {other}` ends it"
        )
    return run


def confirm(store: Store, run: int) -> Walk:
    """Let a run go on that asks.

    Raises:
        UsageError: it does not ask.
    """
    with store.write() as tx:
        return walks.confirm(tx, run, now=store.clock())
