"""What rules have to weigh for one contact, and which of them fire: for the deed, and for a person
who asks why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contacts import rules
from contacts.facts import NOBODY, Facts, marks
from contacts.rules import DEEPEST, Firing, When
from contacts.store import facts, firings, rulesets
from contacts.store.database import Tx
from contacts.store.facts import State
from contacts.store.rulesets import Ruleset
from contacts.tempo import DAY_S

MOST_A_DAY: Final = 50
"""Firings of one rule for one contact within a day. More is a circle that goes through something
we do not see, such as a workflow of the CRM that undoes what the rule does."""

EXISTING: Final = 1
"""Subject of a job that also fires for what was true before the rules were there."""

EVENTS_S: Final = 7 * DAY_S
"""Events are known for a week, see ``worker.tasks``."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to decide upon.

    Attributes:
        now: what is agreed now; ``named`` is the same with every name of a custom field, and with
            events.
        state: from before the change; None: nothing changed.
        known: (rule, cause) that fired before.
        busy: how often each rule fired within a day.
    """

    ruleset: Ruleset
    now: Facts
    named: Facts
    state: State | None
    before: Facts
    known: set[tuple[str, str]]
    busy: Mapping[str, int]


def look(tx: Tx, location: str, contact: int, *, now: float) -> Look | None:
    """Everything that rules look at; None: there are none, or nothing is agreed with the CRM yet.

    A contact that is not in the CRM is looked at as soon as it is: until then it stays noted what
    was so before.
    """
    ruleset = rulesets.of(tx, location)
    if ruleset is None or not facts.linked(tx, contact):
        return None
    return weigh(tx, location, contact, ruleset, now=now)


def weigh(tx: Tx, location: str, contact: int, ruleset: Ruleset, *, now: float) -> Look:
    """The same for certain rules and a contact that is in the CRM."""
    other = facts.aliases(tx, location)
    current = facts.of(tx, contact)
    state = facts.before(tx, contact)
    heard = [one.since for one in ruleset.rules if one.trigger.when is When.EVENT]
    events = facts.events(tx, contact, since=max(min(heard), now - EVENTS_S)) if heard else []
    return Look(
        ruleset=ruleset,
        now=current,
        named=facts.named(current, other, events),
        state=state,
        before=facts.named(state.facts if state else current, other),
        known=firings.known(tx, contact),
        busy=firings.busy(tx, contact, now=now),
    )


def decide(look: Look, *, seen: str, existing: bool) -> list[Firing]:
    """Which rules fire.

    Args:
        seen: a name for this look; the same if the job is done again.
        existing: rules that never fired for the contact also fire for what is true already, if
            they were loaded so.
    """
    found = rules.decide(
        look.ruleset.rules,
        look.before,
        look.named,
        seen=seen,
        fired=look.known,
        ours=_chain(look),
    )
    if not existing:
        return found
    ever = {name for name, _ in look.known} | {one.rule.name for one in found}
    late = [
        rule
        for rule in look.ruleset.rules
        if rule.name in look.ruleset.existing and rule.name not in ever
    ]
    return found + rules.decide(late, NOBODY, look.named, seen="existing", fired=look.known)


def _chain(look: Look) -> Mapping[str, int]:
    """How deep the changes are that rules wished for; rules that were loaded since begin anew."""
    if look.state is None or look.state.at < look.ruleset.kept_at:
        return {}
    return look.state.ours


def circle(found: Sequence[Firing], busy: Mapping[str, int]) -> str | None:
    """A sentence on rules that set each other off without end; None: they do not."""
    for firing in found:
        name = firing.rule.name
        if firing.depth > DEEPEST:
            return (
                f'rules set each other off: "{name}" would be number {firing.depth} of a chain '
                f"that something else began; at most {DEEPEST} are done"
            )
        if busy.get(name, 0) >= MOST_A_DAY:
            return (
                f'"{name}" has fired {busy[name]} times within a day for this contact: does '
                "something undo what it does?"
            )
    return None


def left(look: Look) -> dict[str, int]:
    """The changes that rules wished for and that are still to be seen."""
    if look.state is None:
        return {}
    seen = marks(look.state.facts, look.now)
    return {mark: depth for mark, depth in look.state.ours.items() if mark not in seen}
