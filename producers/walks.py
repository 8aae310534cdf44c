"""A person begins a walk over the CRM's contacts, or lets one go on that asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from contacts.errors import UsageError
from contacts.settings import Reconcile, Settings
from contacts.store import walks
from contacts.store.database import Store, Tx
from contacts.store.walks import Walk, Way


def begin(
    store: Store,
    settings: Settings,
    location: str,
    *,
    since: float | None,
    begun: Callable[[Tx, int], None] | None = None,
) -> int:
    """Begin a run.

    Args:
        since: only what was changed in the CRM after it, seconds since the epoch.
        begun: called with the run, in the transaction that begins it.

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
        if run is not None and begun is not None:
            begun(tx, run)
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
