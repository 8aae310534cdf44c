"""Everything at a glance, as the person who is called at night wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from producers.cli import alive, meter, screen
from producers.cli.words import clock, count, number, span, until_when

if TYPE_CHECKING:
    from rich.console import RenderableType

    from contacts.store.accounts import Location
    from contacts.store.ledger_view import Backlog
    from contacts.store.processes import Process
    from contacts.store.runs import Run
    from producers.cli.door import Door
    from producers.flow import Flow
    from producers.progress import Limits, Look


@dataclass(frozen=True, slots=True)
class Place:
    """One location: what waits there, and how fast it goes.

    Attributes:
        flow: whether the day's calls last; None where no bulk waits, so that it does not matter.
    """

    location: Location
    backlog: Backlog | None
    rate: float
    limits: Limits
    flow: Flow | None


@dataclass(frozen=True, slots=True)
class Overview:
    """One look at everything.

    Attributes:
        at: seconds since the epoch.
        home: the folder of our own state.
        redis: why Redis cannot be used; None when it answers.
        parked: (code, how many, one of the sentences).
        runs: those that are under way.
        held: jobs that wait because nothing may be written to the CRM; None: it may be.
    """

    at: float
    home: str
    processes: list[Process]
    redis: str | None
    flower: str
    places: list[Place]
    parked: list[tuple[str, int, str]]
    runs: list[Look]
    held: int | None = None

    @property
    def missing(self) -> list[str]:
        """Kinds of process that are not alive."""
        kinds = {one.kind for one in self.processes}
        return [kind for kind in alive.PROCESSES if kind not in kinds]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "at": self.at,
            "home": self.home,
            "redis": self.redis is None,
            "missing": self.missing,
            "processes": [
                {"name": one.name, "kind": one.kind, "slots": one.slots, "seen_at": one.seen_at}
                for one in self.processes
            ],
            "locations": [_place_json(place, self.at) for place in self.places],
            "parked": {code: n for code, n, _ in self.parked},
            "runs": [look.as_json() for look in self.runs],
            "read_only": self.held is not None,
            "held_read_only": self.held or 0,
        }


def gather(door: Door) -> Overview:
    """Look at everything once.

    Raises:
        DatabaseDown: no answer.
    """
    from contacts.store import accounts, audit, ledger_view, runs
    from producers import flow, progress

    store, settings = door.store, door.settings
    waiting = {one.location: one for one in ledger_view.waiting_by_location(store)}
    return Overview(
        at=store.clock(),
        home=str(settings.home.absolute()),
        processes=alive.living(store),
        redis=alive.redis_trouble(settings),
        flower=alive.flower_address(settings),
        places=[
            Place(
                location=place,
                backlog=waiting.get(place.id),
                rate=audit.rate(store, location=place.id, seconds=progress.RATE_S),
                limits=progress.limits(store, settings, place),
                flow=flow.look(store, settings, place)
                if _has_bulk(waiting.get(place.id))
                else None,
            )
            for place in accounts.locations(store)
        ],
        parked=ledger_view.parked_reasons(store),
        runs=[progress.look(store, settings, run) for run in _under_way(runs.recent(store))],
        held=ledger_view.writing(store) if settings.read_only else None,
    )


def _has_bulk(backlog: Backlog | None) -> bool:
    """Whether anything waits that stops when the day's calls are few."""
    return backlog is not None and backlog.bulk + backlog.sweep > 0


def _under_way(newest_first: list[Run]) -> list[Run]:
    """The runs that are read or worked on.

    One that is still "being read" when the same file was begun anew is not: its command died.
    """
    found, files = [], set()
    for run in newest_first:
        file = (run.location, run.title)
        if run.state in ("queued", "asking") or (run.state == "reading" and file not in files):
            found.append(run)
        files.add(file)
    return found


def draw(seen: Overview) -> list[RenderableType]:
    """The overview as a person reads it."""
    from rich.text import Text

    drawn: list[RenderableType] = [_processes(seen)]
    drawn += [screen.Hanging(trouble, style="yellow") for trouble in _troubles(seen)]
    drawn += [
        Text(""),
        _places(seen) if seen.places else Text("No location yet: rollbook locations add ID"),
    ]
    for place in seen.places:
        if pause := _pause(place.location, seen.at):
            drawn.append(screen.Hanging(f"{place.location.id} is {pause}", style="yellow"))
        elif place.flow and (stop := _stop(place.flow, seen.at)):
            drawn.append(screen.Hanging(f"{place.location.id}: {stop}", style="yellow"))
    if seen.runs:
        drawn.append(Text(""))
    for look in seen.runs:
        drawn.append(_run(look))
    if seen.parked:
        drawn += [Text(""), *_parked(seen)]
    return drawn


def _processes(seen: Overview) -> RenderableType:
    from rich.text import Text

    text = Text("Alive    ", style="bold")
    parts = []
    for kind in alive.PULSES:
        ours = [one for one in seen.processes if one.kind == kind]
        if ours:
            slots = sum(one.slots for one in ours)
            times = f" x {len(ours)}" if len(ours) > 1 else ""
            parts.append(f"{kind}{times}" + (f" ({slots} threads)" if slots else ""))
    text.append(", ".join(parts) or "nothing", style="not bold")
    text.append(f"\nHome     {seen.home}", style="not bold")
    text.append(f"\nFlower   {seen.flower}", style="not bold")
    return text


def _troubles(seen: Overview) -> list[str]:
    found = []
    if seen.redis:
        found.append(seen.redis)
    if seen.held is not None:
        found.append(meter.held(seen.held))
    if seen.missing:
        found.append(f"no {', no '.join(seen.missing)} is alive: {meter.HOW_TO_START}")
    return found


def _places(seen: Overview) -> RenderableType:
    from rich.text import Text

    numbers = (
        "Live",
        "Bulk",
        "Sweep",
        "At work",
        "Parked",
        "Oldest",
        "Calls/s",
        "Tokens",
        "Day left",
    )
    table = screen.Folding("Location", *numbers, right=numbers)
    for place in seen.places:
        backlog, limits = place.backlog, place.limits
        waits = (
            (backlog.live, backlog.bulk, backlog.sweep, backlog.released, backlog.parked)
            if backlog
            else (0,) * 5
        )
        oldest = span(seen.at - backlog.oldest_at) if backlog and backlog.oldest_at else "-"
        table.add_row(
            Text(place.location.id),
            *(number(n) for n in waits),
            oldest,
            f"{number(place.rate)}/{limits.per_s:g}",
            f"{limits.used}/{limits.window}" if limits.used is not None else "-",
            number(limits.day_left) if limits.day_left is not None else "-",
        )
    return table


def _pause(place: Location, now: float) -> str | None:
    """``paused until 14:05:10 (20 s), because …``; None when it is not."""
    if place.paused_until is None or place.paused_until <= now:
        return None
    which = "paused for all but live jobs" if place.pause_bulk_only else "paused"
    return (
        f"{which} {until_when(place.paused_until, now)}: "
        f"{place.pause_reason or 'no reason given'}; `rollbook resume {place.id}` ends it"
    )


def _stop(flow: Flow, now: float) -> str | None:
    """That the day's calls do not last; None where they do, or nobody knows."""

    def at(moment: float) -> str:
        return f"{clock(moment, now)} (in {span(moment - now)})"

    if flow.stopped:
        goes_on = (
            "is asked now and then" if flow.begins_at is None else f"goes on {at(flow.begins_at)}"
        )
        return f"bulk has stopped for the day: it {goes_on}"
    if flow.stops_at is None:
        return None
    goes_on = "" if flow.begins_at is None else f" and goes on {at(flow.begins_at)}"
    return f"at this pace bulk stops {at(flow.stops_at)}{goes_on}"


def _run(look: Look) -> RenderableType:
    run = look.run
    what = f"Run {run.id}, {run.title} to {run.location}: "
    if run.state == "asking":
        asked = count(run.counts.get("guarded", 0), "contact")
        how = f"`rollbook report {run.id}` says what"
        return screen.Hanging(f"{what}asks before it goes on with {asked}: {how}", style="yellow")
    if run.state == "reading":
        rows = run.counts.get("rows", 0)
        return screen.Hanging(f"{what}reading, {count(rows, 'row')} so far; {meter.progress(look)}")
    parts = [meter.progress(look), *meter.queue(look)]
    if when := meter.finishing(look):
        parts.append(when)
    return screen.Hanging(what + ", ".join(parts))


def _parked(seen: Overview) -> list[RenderableType]:
    from rich.text import Text

    total = sum(n for _, n, _ in seen.parked)
    rows = [(number(n), f"{code}: {reason}") for code, n, reason in seen.parked]
    return [
        Text(f"{count(total, 'job')} parked: `rollbook parked` says what to do", style="yellow"),
        screen.figures(rows),
    ]


def _place_json(place: Place, now: float) -> dict[str, Any]:
    backlog, location = place.backlog, place.location
    paused = location.paused_until is not None and location.paused_until > now
    return {
        "location": location.id,
        "waiting": {lane: getattr(backlog, lane, 0) for lane in ("live", "bulk", "sweep")},
        "released": backlog.released if backlog else 0,
        "parked": backlog.parked if backlog else 0,
        "oldest_at": backlog.oldest_at if backlog else None,
        "calls_per_s": round(place.rate, 1),
        "limit_per_s": round(place.limits.per_s, 1),
        "tokens_used": place.limits.used,
        "tokens": place.limits.window,
        "day_left": place.limits.day_left,
        "bulk_stops_at": place.flow.stops_at if place.flow else None,
        "bulk_stopped": bool(place.flow and place.flow.stopped),
        "paused": {"reason": location.pause_reason, "until": location.paused_until}
        if paused
        else None,
    }
