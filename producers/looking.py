"""Has a worker look at what the sync needs of the CRM and the platform, and waits for it a little.

Producers do not call the CRM: each look is a job, ``location.check``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from contacts.store import checks, ledger
from contacts.store.checks import Found, Look
from contacts.store.database import Store

PATIENCE_S: Final = 15.0
"""A look takes a call: a second, or a few where others wait before it."""

LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of the looks at one location.

    Attributes:
        late: those without an answer, with the reason where one is known.
    """

    found: Mapping[Look, Found] = field(default_factory=dict)
    late: Mapping[Look, str | None] = field(default_factory=dict)


def ask(
    store: Store,
    wanted: Mapping[str, Collection[Look]],
    *,
    ring: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
    patience_s: float = PATIENCE_S,
) -> dict[str, Seen]:
    """Put the looks, and wait for what they find.

    Args:
        wanted: by location.
        ring: wakes the dispatcher.
        sleep: seconds; injected in tests.
    """
    before = {location: _times(store, location) for location in wanted}
    began = store.clock()
    with store.write() as tx:
        wishes = [checks.wish(place, look) for place, looks in wanted.items() for look in looks]
        ledger.put(tx, wishes, now=began)
    ring()
    while True:
        seen = {
            location: {
                look: found
                for look, found in checks.found(store, location).items()
                # By what was there before, not by our clock: the worker's may be another one.
                if look in looks and found.at != before[location].get(look)
            }
            for location, looks in wanted.items()
        }
        missing = {place: set(looks) - seen[place].keys() for place, looks in wanted.items()}
        if not any(missing.values()) or store.clock() - began >= patience_s:
            return {
                place: Seen(found, _late(store, place, missing[place]))
                for place, found in seen.items()
            }
        sleep(LOOK_S)


def _times(store: Store, location: str) -> dict[Look, float]:
    return {look: found.at for look, found in checks.found(store, location).items()}


def _late(store: Store, location: str, missing: Collection[Look]) -> dict[Look, str | None]:
    reasons = checks.waiting(store, location) if missing else {}
    return {look: reasons.get(look) for look in missing}
