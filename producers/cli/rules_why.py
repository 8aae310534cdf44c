"""``rollbook rules test CONTACT``: which rules would fire for somebody, which not, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At
from producers.cli.wishes import WHO, find
from producers.cli.words import clock, count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contacts.rule_reasons import Verdict
    from contacts.rules import Firing, Rule
    from contacts.store.firings import Fired
    from contacts.store.weighing import Look
    from producers.cli.door import Door


@dataclass(frozen=True, slots=True)
class Tested:
    """One rule and a contact.

    Attributes:
        next: it fires as soon as rules look at the contact, for something changed.
        fired: what it fired for before, the newest first.
    """

    verdict: Verdict
    next: bool
    fired: tuple[Fired, ...]


def why(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=WHO, show_default=False)],
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="Rules of this file, not those that hold."),
    ] = None,
    location: At = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Say which rules would fire for a contact as it is, which not, and why; nothing is done."""
    from producers.cli.door import opened

    with opened() as door:
        found = find(door, contact, location)
        look, rules = _look(door, found.location, found.id, file)
        tested = [_tested(door, found.id, look, rule) for rule in rules]
        if json:
            for one in tested:
                screen.emit(_as_json(one))
            return
        screen.say(_headline(found.id, found.location, look, tested))
        now = door.store.clock()
        for one in tested:
            screen.say()
            _say(one, now)


def _look(door: Door, location: str, contact: int, file: Path | None) -> tuple[Look, list[Rule]]:
    """What rules have to look at, and the rules.

    Raises:
        UsageError: there are none, or the contact is not in the CRM yet.
    """
    from contacts.store import facts, rulesets, weighing
    from producers import mapping
    from producers.cli import rules
    from producers.rule_files import compiled

    with door.store.read() as tx:
        ruleset = rulesets.of(tx, location)
        if file is not None:
            known = door.known(door.location(location))
            written = mapping.ruleset(file, rules.names(known.custom))
            ruleset = rulesets.Ruleset(tuple(compiled(written)))
        if ruleset is None:
            raise UsageError(
                f"location {location} has no rules: rollbook rules load FILE, or test --file FILE"
            )
        if not facts.linked(tx, contact):
            raise UsageError(
                f"contact {contact} is not in the CRM yet, and rules look at what both sides agree "
                f"on: rollbook push {contact}"
            )
        look = weighing.weigh(tx, location, contact, ruleset, now=door.store.clock())
    return look, list(ruleset.rules)


def _tested(door: Door, contact: int, look: Look, rule: Rule) -> Tested:
    from contacts.rule_reasons import explain
    from contacts.store import firings

    with door.store.read() as tx:
        before = tuple(one for one in firings.of(tx, contact) if one.rule == rule.name)
    verdict = explain(rule, look.named, at=door.store.clock())
    return Tested(verdict, any(one.rule.name == rule.name for one in _next(look)), before)


def _next(look: Look) -> list[Firing]:
    from contacts.store import weighing

    return weighing.decide(look, seen="test", existing=False)


def _headline(contact: int, location: str, look: Look, tested: Iterable[Tested]) -> str:
    names = [one.verdict.rule for one in tested if one.next]
    if names:
        tail = f"Something changed: {', '.join(names)} will fire next"
    elif look.state is not None:
        tail = "Something changed, but no rule fires for it"
    else:
        tail = "Nothing has changed since rules last looked, so none fires now"
    return f"Contact {contact} in {location}. {tail}."


def _say(one: Tested, now: float) -> None:
    verdict = one.verdict
    word = "would fire" if verdict.fires else "would not fire"
    colour = typer.colors.GREEN if verdict.fires else typer.colors.YELLOW
    typer.secho(f"{verdict.rule}: {word}", fg=colour, bold=True)
    for reason in verdict.reasons:
        screen.say(f"  {'+' if reason.speaks_for else '-'} {reason.text}")
    for text in verdict.then:
        screen.say(f"  > {text}")
    if one.fired:
        last = one.fired[0]
        times = count(len(one.fired), "time")
        screen.say(f"  fired {times}, last {clock(last.at, now)} for {last.cause}:")
        for text in last.did:
            screen.say(f"    {text}")


def _as_json(one: Tested) -> dict[str, object]:
    return {
        "rule": one.verdict.rule,
        "would_fire": one.verdict.fires,
        "fires_next": one.next,
        "reasons": [asdict(reason) for reason in one.verdict.reasons],
        "then": list(one.verdict.then),
        "fired": [asdict(fired) for fired in one.fired],
    }
