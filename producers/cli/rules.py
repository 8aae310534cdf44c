"""``rollbook rules``: what is done when something happens to a contact, how often, and why."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from producers.cli import screen
from producers.cli.options import At
from producers.cli.words import ago, count, number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from contacts.store.accounts import CustomField
    from contacts.store.firings import Tally
    from contacts.store.rulesets import Kept
    from producers.cli.door import Door

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A rollbook.toml with [[rules]].", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")]
HELP = "Show the rules of a location, how often each fired, and when last."


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    from producers.cli import rules_why

    group = typer.Typer(help=HELP, rich_markup_mode=None)
    group.callback(invoke_without_command=True)(rules)
    group.command("test")(rules_why.why)
    group.command()(check)
    group.command()(load)
    app.add_typer(group, name="rules")


def rules(context: typer.Context, *, location: At = None, json: Json = False) -> None:
    """Show the rules of a location, how often each fired, and when last."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import firings, rulesets
    from producers.cli.door import opened

    with opened() as door:
        place = door.location(location)
        with door.store.read() as tx:
            written = rulesets.written(tx, place.id)
            ruleset = rulesets.of(tx, place.id)
            tallies = firings.tallies(tx, place.id)
        if json:
            _emit(written, tallies)
            return
        if ruleset is None:
            screen.say(
                f"Location {place.id} has no rules. Write [[rules]] into rollbook.toml "
                "(docs/rules.md), then: rollbook rules load rollbook.toml"
            )
            return
        screen.say(f"Location {place.id} has {count(len(written), 'rule')}.\n")
        _show(written, tallies, door.store.clock())
        if ruleset.unreadable:
            names = ", ".join(ruleset.unreadable)
            screen.warn(f"this version does not understand {names}: they rest. Load the file again")


def check(file: File, *, location: At = None) -> None:
    """Look whether the rules of a file can be used; nothing is changed."""
    from producers import mapping
    from producers.cli.door import known_offline

    known = known_offline(location)
    found = mapping.ruleset(file, names(known.custom))
    screen.say(f"{file}: {count(len(found), 'rule')}, nothing wrong.")
    if known.custom is None:
        screen.remark(
            "The location's custom fields are not known here, so their names may be wrong."
        )
    _warn_of_circles(found)


def load(
    file: File,
    *,
    location: At = None,
    fire_existing: Annotated[
        bool,
        typer.Option(
            "--fire-existing",
            help="Also fire for what is true already: of each contact the rules that never fired.",
        ),
    ] = False,
) -> None:
    """Let the rules of a file hold from now on, and no others. They fire for what changes."""
    from producers import mapping
    from producers.cli.door import opened

    with opened() as door:
        place = door.location(location)
        found = mapping.ruleset(file, names(door.known(place).custom))
        kept = keep(door, place.id, found, fire_existing=fire_existing)
        screen.say(sentence(kept, place.id))
        _warn_of_circles(found)
        _warn_of_platform(door, place.id, found)
        if fire_existing:
            jobs = _look_at_everybody(door, place.id)
            screen.say(f"{count(jobs, 'contact')} will be looked at, after everything else.")


def keep(
    door: Door, location: str, rules: Sequence[Mapping[str, Any]], *, fire_existing: bool = False
) -> Kept:
    """Let these rules hold for the location."""
    from contacts.store import rulesets

    with door.store.write() as tx:
        now = door.store.clock()
        return rulesets.keep(tx, location, rules, now=now, fire_existing=fire_existing)


def sentence(kept: Kept, location: str) -> str:
    """What loading changed."""
    parts = [
        f"{number(len(names))} {word}: {', '.join(names)}"
        for names, word in ((kept.new, "new"), (kept.changed, "changed"), (kept.gone, "gone"))
        if names
    ]
    total = len(kept.new) + len(kept.changed) + len(kept.same)
    what = "; ".join(parts) or "nothing changed"
    return f"Location {location} has {count(total, 'rule')} ({what})."


def names(custom: Sequence[CustomField] | None) -> Collection[str] | None:
    """By what the location's custom fields may be called; None: not known."""
    return None if custom is None else {name for one in custom for name in (one.key, one.id)}


def _look_at_everybody(door: Door, location: str) -> int:
    """A job for every contact of the location that is in the CRM, in the sweep lane."""
    from contacts.jobs import Kind, Lane, Wish
    from contacts.store import ledger, roster_view
    from contacts.store.weighing import EXISTING

    total = 0
    for ids in roster_view.linked(door.store, location):
        wishes = [Wish(Kind.RULES, location, id, EXISTING, Lane.SWEEP) for id in ids]
        with door.store.write() as tx:
            total += ledger.put(tx, wishes, now=door.store.clock())
    door.ring()
    return total


def _warn_of_circles(rules: Sequence[Mapping[str, Any]]) -> None:
    from contacts.rule_circles import circles
    from contacts.rules import DEEPEST
    from producers.rule_files import compiled

    for names in circles(compiled(rules)):
        screen.warn(
            f"{' sets off '.join(names)}: a chain of more than {DEEPEST} is parked, not done"
        )


def _warn_of_platform(door: Door, location: str, rules: Sequence[Mapping[str, Any]]) -> None:
    from contacts.rules import Do
    from contacts.store import platforms
    from producers.rule_files import compiled

    outside = {Do.ENROL, Do.PUT_ON_LIST, Do.TAKE_OFF_LIST}
    names = [
        rule.name for rule in compiled(rules) if any(one.do in outside for one in rule.actions)
    ]
    with door.store.read() as tx:
        if names and platforms.of(tx, location) is None:
            screen.warn(
                f"no course platform is connected, and {', '.join(names)} would tell it: "
                "rollbook platform connect"
            )


def _emit(written: Sequence[Mapping[str, Any]], tallies: Mapping[str, Tally]) -> None:
    for one in written:
        tally = tallies.get(one["rule"]["name"])
        counts = asdict(tally) if tally else {"times": 0, "contacts": 0, "last_at": None}
        screen.emit(one["rule"] | {"since": one["since"]} | counts)


def _show(written: Sequence[Mapping[str, Any]], tallies: Mapping[str, Tally], now: float) -> None:
    """A paragraph for each rule: conditions and texts are too long for the columns of a table."""
    from contacts.rule_reasons import DOES, when
    from contacts.rules import When
    from producers.rule_files import compiled

    width = max(len(entry["rule"]["name"]) for entry in written) + 2
    for entry in written:
        raw = entry["rule"]
        for rule in compiled([raw]):
            asked = raw["when"] if rule.trigger.when is When.CONDITION else when(rule.trigger)
            only_if = f", if {raw['if']}" if "if" in raw else ""
            screen.say(f"{rule.name:<{width}}{_how_often(tallies.get(rule.name), now)}")
            screen.say(f"  when  {asked}{only_if}")
            does = "; ".join(f'{DOES[one.do]} "{one.text.text}"' for one in rule.actions)
            screen.say(f"  then  {does}\n")


def _how_often(tally: Tally | None, now: float) -> str:
    if tally is None:
        return "has not fired yet"
    times, people = count(tally.times, "time"), count(tally.contacts, "contact")
    return f"fired {times} for {people}, last {ago(tally.last_at, now)}"
