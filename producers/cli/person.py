"""Who is meant by an email, a phone or our id: for ``explain`` and ``forget``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contacts.errors import UsageError

if TYPE_CHECKING:
    from contacts.store.accounts import Location
    from producers.cli.door import Door


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as a person named them, in one location.

    Attributes:
        contact: our id; 0: nobody of that name is here.
        name: of the field by which they are named: email or phone; "" where it was our id.
        value: of it, cleaned.
    """

    location: str
    contact: int
    name: str
    value: str


def meant(door: Door, who: str, location: str | None) -> list[Named]:
    """Whom that names in each location, or in the one given; also by what a source called them
    before the CRM's people changed it.

    Raises:
        UsageError: it is neither email, phone nor id, or there is no such location.
    """
    from contacts.store import accounts, roster_view

    if who.isdecimal():
        found = roster_view.identity(door.store, int(who))
        return [Named(found[0] if found else "", int(who), "", "")]
    places = [door.location(location)] if location else accounts.locations(door.store)
    if not places:
        places = [door.location(None)]  # the one of the settings, or it says how to add one
    return [_named(door, who, place) for place in places]


def _named(door: Door, who: str, place: Location) -> Named:
    from contacts import fields
    from contacts.store import roster_view

    name = "email" if "@" in who else "phone"
    try:
        value = str(fields.clean(name, who, place.country or door.settings.country))
    except ValueError as error:
        raise UsageError(f"{who} {error}") from None
    return Named(
        place.id, roster_view.known_as(door.store, place.id, name, value) or 0, name, value
    )


def one(door: Door, who: str, location: str | None) -> Named:
    """The one contact that is meant.

    Raises:
        UsageError: nobody, or several in different locations; or they were forgotten.
    """
    everywhere = meant(door, who, location)
    found = [named for named in everywhere if named.contact]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(named.location for named in found)
        raise UsageError(f"{who} is known in {places}: name one with --location")
    places = ", ".join(named.location for named in everywhere)
    raise UsageError(f"nobody in {places} is known by {who}")
