"""Many locations at once: what a call costs when the worker is busy all the time.

At ten calls a second a process sleeps most of the time and finds its caches cold at each call. How
many locations a core can carry is told by this part instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from contacts.jobs import Kind, Lane
from contacts.settings import load
from contacts.store import accounts, ledger_view
from contacts.store.cipher import Cipher
from ops.bench.figures import LIMIT_PER_S, Sample
from ops.bench.putting import people, put
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Crm, Up

SETTINGS: Final = {"ROLLBOOK_WORKER_THREADS": "96"}
"""Seven threads for each of ten locations: two or three calls in the air, the others wait for
their token."""

CONTACTS: Final = 200
"""Of each location: 400 calls, 40 s."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Many:
    """What was seen; ``report`` is the CRM's count of all locations together."""

    samples: list[Sample]
    report: dict[str, Any]


def run(up: Up, crm: Crm, tell: Tell) -> Many:
    """Put a push and a tag for 200 contacts of each location, wait until all is done.

    Raises:
        Broken: it takes three times as long as the limit asks for.
    """
    cipher = Cipher.from_settings(load(home=up.home))
    with up.store.write() as tx:
        for location, token in crm.locations:
            accounts.ensure_location(tx, location, token=token, cipher=cipher)
    for location, _ in crm.locations:
        for batch in people(CONTACTS, "many"):
            put(up.store, location, batch, Lane.BULK, (Kind.PUSH, Kind.TAG))
    give_up = time.monotonic() + 60 + 3 * 2 * CONTACTS / LIMIT_PER_S
    with Watcher(crm.accepted, [up.pid]) as watcher:
        while open_jobs := ledger_view.counts(up.store).open:
            tell(f"{open_jobs:,} jobs are open")
            if time.monotonic() > give_up:
                raise Broken(f"{open_jobs} jobs of {len(crm.locations)} locations are still open")
            time.sleep(1.0)
    return Many(watcher.samples, crm.report())
