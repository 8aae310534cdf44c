"""A course platform as `rollbook platform` shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.platforms import Platform
    from contacts.store.platforms import Connected
    from producers.cli.door import Door


EVENTS = {"account": ("account",), "enrolment": ("enrolment",), "newsletter": ("sign-up",)}
"""What came, as a person counts it."""


def name(platform: Platform) -> str:
    """What it is and where, without user and secret."""
    words = {"coursehost": "OnlineCourseHost", "sql": "a database", "http": "an API"}
    return f"{words[platform.kind.value]} at {_bare(platform.url)}"


def _bare(url: str) -> str:
    """An address without user and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path}" if host else parts.path.lstrip("/")


def facts(door: Door, one: Connected) -> dict[str, Any]:
    """What is known of it, for machines too."""
    from contacts.store import enrolments, feeds, inbox, lists, platforms
    from contacts.store.platform_events import COUNTED_AS

    reading = feeds.readings(door.store).get(one.location)
    came = {
        tally.type.removeprefix(COUNTED_AS): tally.events
        for tally in inbox.tallies(door.store)
        if tally.location == one.location and tally.type.startswith(COUNTED_AS)
    }
    return {
        "location": one.location,
        "kind": one.platform.kind.value,
        "url": _bare(one.platform.url),
        "name": name(one.platform),
        "secret": one.has_secret,
        "can": _can(one.platform),
        "courses": len(platforms.courses(door.store, one.location)),
        "events": came,
        "feed": None if reading is None else asdict(reading),
        "enrolments_owed": enrolments.owed(door.store, one.location),
        "lists_owed": lists.owed(door.store, one.location),
    }


def _can(platform: Platform) -> list[str]:
    host = platform.kind == "coursehost"
    can = {
        "tell what changed": platform.feed,
        "list its courses": host or platform.courses,
        "enrol": host or platform.enrol,
        "be told of lists": platform.lists or platform.listing,
        f"be told {', '.join(platform.write_back)}": platform.write_back,
    }
    return [what for what, how in can.items() if how]


def show(door: Door, found: list[dict[str, Any]]) -> None:
    """On the screen."""
    from rich.table import Table
    from rich.text import Text

    from producers.cli.words import clock, count, number

    now = door.store.clock()
    for one in found:
        rows = Table.grid(padding=(0, 2))
        reading = one["feed"]
        lines = [
            ("Location", one["location"]),
            ("Platform", one["name"] + ("" if one["secret"] else ", no secret")),
            ("It can", ", ".join(one["can"]) or "nothing"),
            ("Courses", number(one["courses"])),
            ("Events", _events(one["events"])),
        ]
        if reading:
            lines.append(
                (
                    "Feed",
                    f"last read {clock(reading['read_at'], now)}; {number(reading['rows'])} rows, "
                    f"{number(reading['changed'])} changed, {number(reading['rejected'])} unusable",
                )
            )
        owing = one["enrolments_owed"]
        owed = [count(owing, "enrolment")] if owing else []
        owed += [f"{number(n)} on or off “{list}”" for list, n in one["lists_owed"].items()]
        lines.append(("It is owed", ", ".join(owed) or "nothing"))
        for label, value in lines:
            rows.add_row(Text(label, style="bold"), Text(value))
        screen.show(rows)


def _events(came: dict[str, int]) -> str:
    from producers.cli.words import count

    listed = ", ".join(count(n, *EVENTS.get(name, (name,))) for name, n in came.items())
    return f"{listed} in 7 days" if listed else "none in 7 days"
