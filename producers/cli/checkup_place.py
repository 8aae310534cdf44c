"""What `rollbook doctor` looks at in one location: token, scopes, limits, custom fields, platform.

What a call has to show, a worker has looked at: see ``producers.looking``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from contacts.store.checks import Look
from producers.cli.checkup import Line, note, ok, wrong
from producers.cli.words import number, span, until_when
from producers.looking import Seen
from producers.scoping import LOOKED

if TYPE_CHECKING:
    from contacts.store.accounts import Location
    from producers.cli.door import Door
    from producers.mapping import Export
    from producers.scoping import Scopes

LITTLE: Final = 0.1
"""Less than this share of a day's calls is worth a word."""


@dataclass(frozen=True, slots=True)
class Place:
    """One location, and what is known of it.

    Attributes:
        export: the mapping; None: there is none here.
        platform: whether a course platform is connected.
        seen: what the looks found; None: nobody looked.
        silent: why nobody looked.
    """

    location: Location
    scopes: Scopes
    export: Export | None
    platform: bool
    seen: Seen | None = None
    silent: str = ""

    @property
    def looks(self) -> list[Look]:
        """What is worth a look: only what is needed."""
        needed = {one.need.scope for one in self.scopes.standing}
        found = [look for look, scope in LOOKED.items() if scope in needed]
        return [*found, Look.PLATFORM] if self.platform else found


def lines(door: Door, place: Place) -> list[Line]:
    """Everything that there is to say of a location."""
    found = [
        *_token(door, place.location),
        *_pause(door, place.location),
        *_access(place),
        *_scopes(place),
        *_limits(door, place.location),
        *_fields(door, place),
        *_platform(place),
    ]
    return [replace(line, place=place.location.id) for line in found]


# ---------------------------------------------------------------- access


def _token(door: Door, location: Location) -> Iterator[Line]:
    from contacts.store import grants
    from contacts.store.grants import Of, State

    with door.store.read() as tx:
        grant = grants.of(tx, Of.LOCATION, location.id)
    if grant is None:
        if location.has_token:
            yield ok("token", "a private integration's, kept encrypted")
        else:
            yield wrong("token", "it has none", f"rollbook locations add {location.id}")
    elif grant.state == State.LIVE:
        left = (grant.expires_at or 0.0) - door.store.clock()
        when = f"over in {span(left)}" if left > 0 else "over"
        yield ok("token", f"of the app's install, {when}; it is renewed by itself")
    elif grant.state == State.NEW:
        yield note("token", "its first one is on its way", "rollbook parked, if it does not come")
    else:
        why = grant.reason or "the app was uninstalled"
        yield wrong("token", f"the install's is {grant.state}: {why}", "rollbook connect")


def _pause(door: Door, location: Location) -> Iterator[Line]:
    now = door.store.clock()
    if location.paused_until is None or location.paused_until <= now:
        return
    which = "all but live jobs are" if location.pause_bulk_only else "it is"
    said = f"{which} paused {until_when(location.paused_until, now)}: {location.pause_reason}"
    line = note if location.pause_bulk_only else wrong
    yield line("pause", said, f"rollbook resume {location.id}")


def _access(place: Place) -> Iterator[Line]:
    """Whether the CRM lets us in at all."""
    from producers.cli.codes import remedy

    if place.seen is None:
        yield note("access", f"the CRM was not asked: {place.silent}")
        return
    found, late = place.seen.found.get(Look.CONTACTS), place.seen.late
    if Look.CONTACTS in late:
        yield wrong("access", f"no answer yet: {late[Look.CONTACTS] or 'other jobs go first'}",
                    "rollbook status")  # fmt: skip
    elif found is not None and found.code is None:
        count = found.facts.get("contacts")
        what = "its contacts" if count is None else f"its {number(count)} contacts"
        yield ok("access", f"the CRM shows {what}")
    elif found is not None and found.code != "scope":
        yield wrong("access", str(found.said), remedy(str(found.code)))


def _scopes(place: Place) -> Iterator[Line]:
    scopes = place.scopes
    has = [one for one in scopes.standing if one.has]
    if has:
        names = ", ".join(one.need.scope for one in has)
        yield ok("scopes", f"it has {names}")
    for one in scopes.standing:
        need = one.need
        mend = "rollbook scopes; add it in the CRM"
        if one.has is False and need.without:
            yield note("scopes", f"it lacks {need.scope}: {need.without}", mend)
        elif one.has is False:
            yield wrong("scopes", f"it lacks {need.scope}, for: {need.why}", mend)
    untried = [one.need.scope for one in scopes.standing if one.has is None]
    if untried:
        said = f"no call today has shown that it has {', '.join(untried)}"
        yield note("scopes", said, "rollbook scopes")
    if scopes.spare:
        yield note("scopes", f"it has more than it needs: {', '.join(scopes.spare)}",
                   "rollbook scopes")  # fmt: skip


# ---------------------------------------------------------------- limits


def _limits(door: Door, location: Location) -> Iterator[Line]:
    from contacts.store import accounts
    from producers import progress

    limits = progress.limits(door.store, door.settings, location)
    seconds = limits.window / limits.per_s
    said = f"{limits.window} calls in {seconds:g} s"
    theirs = location.limits_seen.get("per_window")
    if isinstance(theirs, int) and theirs < limits.window:
        mend = f"rollbook locations add {location.id} --window-calls {theirs}"
        yield note("limits", f"{said} are set, the CRM says {theirs}", mend)
    elif limits.day_left is None:
        yield ok("limits", f"{said}; the CRM has not said yet what is left of the day")
    elif limits.day_left < LITTLE * accounts.allowed(door.settings, location).per_day:
        left = number(limits.day_left)
        yield note(
            "limits", f"{said}; only {left} are left today", f"rollbook limits {location.id}"
        )
    else:
        yield ok("limits", f"{said}; {number(limits.day_left)} are left today")


# ---------------------------------------------------------------- fields and platform


def _fields(door: Door, place: Place) -> Iterator[Line]:
    from producers import custom

    if place.export is None:
        return
    named = custom.named(place.export)
    if not named:
        yield ok("custom fields", f"{place.export.origin} names none")
        return
    known = door.known(place.location).custom
    if known is None:
        refused = place.seen and place.seen.found.get(Look.FIELDS)
        why = "the token may not read them" if refused else "they were never read"
        mend = "see scopes" if refused else "rollbook doctor, with a worker alive"
        yield note("custom fields", f"nobody knows which there are: {why}", mend)
        return
    unknown = custom.unknown(place.export, known, place.location.id)
    for name, what in unknown.items():
        yield wrong("custom fields", f'"{place.export.fields[name]}" {what}',
                    f"correct {place.export.origin}, or make the field in the CRM")  # fmt: skip
    if not unknown:
        yield ok("custom fields", f"the location has all {len(named)} of {place.export.origin}")


def _platform(place: Place) -> Iterator[Line]:
    from producers.cli.codes import remedy

    if not place.platform:
        return
    if place.seen is None:
        yield note("platform", f"it was not asked: {place.silent}")
        return
    found = place.seen.found.get(Look.PLATFORM)
    if found is None:
        said = place.seen.late.get(Look.PLATFORM) or "other jobs go first"
        yield wrong("platform", f"no answer yet: {said}", "rollbook platform")
    elif found.code is None:
        courses = found.facts.get("courses")
        said = f"it lists {number(courses)} courses" if courses is not None else "it answers"
        yield ok("platform", said)
    else:
        yield wrong("platform", str(found.said), remedy(found.code))
