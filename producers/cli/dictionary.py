"""Which custom fields a location has: read by a worker where it is not known yet, then compared
with the mapping."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.store.accounts import Location
    from producers.cli.door import Door, Known
    from producers.mapping import Export

PATIENCE_S = 15.0
"""How long a worker may take to read a location's custom fields: one call, 0.5 s as a rule."""

LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping of which every custom field is there.

    Attributes:
        wrong: what is wrong with each field that was taken out of it, by our name.
    """

    export: Export
    wrong: Mapping[str, str] = field(default_factory=dict)


def compare(export: Export, known: Known) -> Checked:
    """Take the custom fields out of the mapping that the location does not have, with a warning."""
    from producers import custom

    if known.custom is None:
        return Checked(export)
    wrong = custom.unknown(export, known.custom, known.location)
    for name, what in wrong.items():
        screen.warn(f'column "{export.fields[name]}" {what}: it is left out')
    return Checked(custom.without(export, list(wrong)), wrong)


def check(
    door: Door, export: Export, location: Location, *, sleep: Callable[[float], None] = time.sleep
) -> Checked:
    """Take the custom fields out of the mapping that the location does not have, with a warning.

    A worker reads them again when one is missing: it may have been made in the CRM just now. With
    no worker alive, what is known must do; with nothing known, all of them stay.
    """
    from producers import custom

    if not custom.named(export):
        return Checked(export)
    known = door.known(location)
    if known.custom is None or custom.unknown(export, known.custom, location.id):
        _read_again(door, location.id, sleep)
        known = door.known(location)
    if known.custom is None:
        names = ", ".join(custom.named(export))
        screen.warn(f"the custom fields of {location.id} are not known: {names} go out unchecked")
    return compare(export, known)


def _read_again(door: Door, location: str, sleep: Callable[[float], None]) -> None:
    """Have a worker read the dictionary, and wait for it a little."""
    from contacts.jobs import Kind, Lane, Wish
    from contacts.store import accounts, ledger, ledger_view
    from producers import progress

    if progress.missing(door.store):
        return
    before = accounts.fields_read_at(door.store, location)
    began = door.store.clock()
    with door.store.write() as tx:
        ledger.put(tx, [Wish(Kind.FIELDS, location, lane=Lane.LIVE)], now=began)
    door.ring()
    while door.store.clock() - began < PATIENCE_S:
        if accounts.fields_read_at(door.store, location) != before:
            return
        parked = ledger_view.parked(door.store, location=location, kind=Kind.FIELDS)
        if parked:
            screen.warn(parked[0].reason)
            return
        sleep(LOOK_S)
