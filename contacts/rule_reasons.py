"""Why a rule would fire for a contact, or why not, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from contacts import conditions
from contacts.cleaning import Value
from contacts.conditions import Literal, Test
from contacts.facts import NOBODY, Facts
from contacts.rule_words import WORDS
from contacts.rules import Action, Do, Firing, Rule, Trigger, When, decide, filled, matches

DOES: Final[dict[Do, str]] = {
    Do.ADD_TAG: "add the tag",
    Do.REMOVE_TAG: "take off the tag",
    Do.NOTE: "write the note",
    Do.TASK: "make the task",
    Do.ENROL: "enrol in",
    Do.PUT_ON_LIST: "put on the list",
    Do.TAKE_OFF_LIST: "take off the list",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was asked, what was found, and whether that speaks for it."""

    text: str
    speaks_for: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule makes of a contact as it is.

    Attributes:
        fires: it would, if what is so now came to be so now.
        then: what it would do, with the contact's values.
    """

    rule: str
    fires: bool
    reasons: tuple[Reason, ...]
    then: tuple[str, ...]


def explain(rule: Rule, facts: Facts, *, at: float) -> Verdict:
    """What a rule makes of a contact.

    Args:
        at: seconds since the epoch, for texts with the day in them.
    """
    found = _firings(rule, facts)
    reasons = [*_of_trigger(rule.trigger, facts, since=rule.since)]
    if rule.only_if is not None:
        reasons += _of_condition(rule.only_if, facts)
    firing = found[0] if found else Firing(rule, "", _unknown(rule.trigger))
    then = tuple(_then(one, firing, facts, at) for one in rule.actions)
    return Verdict(rule.name, bool(found), tuple(reasons), then)


def _firings(rule: Rule, facts: Facts) -> list[Firing]:
    if rule.trigger.when is When.TAG_REMOVED:
        return decide([rule], facts, replace(facts, tags=frozenset()), seen="")
    return decide([rule], NOBODY, facts, seen="")


def when(trigger: Trigger) -> str:
    """What a rule waits for, in words; of a condition nothing but that it is one."""
    named = "any" if trigger.pattern == "*" else f'"{trigger.pattern}"'
    pipeline = "" if trigger.pipeline == "*" else f' of pipeline "{trigger.pipeline}"'
    return {
        When.CONDITION: "a condition becomes true",
        When.TAG_ADDED: f"{named} tag is added" if named == "any" else f"tag {named} is added",
        When.TAG_REMOVED: f"{named} tag goes" if named == "any" else f"tag {named} goes",
        When.ENROLLED: f"enrolled in {named}" + (" course" if named == "any" else ""),
        When.STAGE: f"comes into {'any stage' if named == 'any' else f'stage {named}'}{pipeline}",
        When.EVENT: f"event {named}",
    }[trigger.when]


def _of_trigger(trigger: Trigger, facts: Facts, *, since: float) -> Iterator[Reason]:
    if trigger.condition is not None:
        yield from _of_condition(trigger.condition, facts)
        return
    pattern = trigger.pattern
    match trigger.when:
        case When.ENROLLED:
            courses = {
                (one.id, one.title): one.title or one.id for one in facts.enrolments.values()
            }
            held = [name for names, name in courses.items() if matches(pattern, *names)]
            yield _either("course", pattern, held, courses.values())
        case When.STAGE:
            stages = {one: f"{one.pipeline} / {one.stage}" for one in facts.stages.values()}
            held = [
                name
                for one, name in stages.items()
                if matches(pattern, one.stage) and matches(trigger.pipeline, one.pipeline)
            ]
            yield _either("stage", pattern, held, stages.values())
        case When.EVENT:
            heard = [one.name for one in facts.events if one.at >= since]
            held = [name for name in heard if matches(pattern, name)]
            yield _either("event of the last week", pattern, held, heard)
        case _:
            held = [tag for tag in facts.tags if matches(pattern, tag)]
            yield _either("tag", pattern, held, facts.tags)


def _either(what: str, pattern: str, held: Iterable[str], others: Iterable[str]) -> Reason:
    """``tag: vip``; ``no tag "vip"; there are lead, staff``."""
    found = sorted(set(held))
    if found:
        return Reason(f"{what}: {', '.join(found)}", speaks_for=True)
    if pattern == "*":
        return Reason(f"no {what}", speaks_for=False)
    names = sorted(set(others))
    there = f"; there is {', '.join(names)}" if names else ""
    return Reason(f'no {what} "{pattern}"{there}', speaks_for=False)


def _of_condition(condition: conditions.Condition, facts: Facts) -> Iterator[Reason]:
    """Each question and its answer; where they contradict each other, the whole has its own."""
    values = facts.values()
    whole = condition.holds(values)
    for test, wanted in _asked(condition, wanted=True):
        held = test.holds(values)
        yield Reason(f"{_found(test, values.get(test.name))}{_text(test, wanted)}", held is wanted)
    if isinstance(condition, conditions.Either):
        yield Reason("one of these is enough", whole)


def _asked(condition: conditions.Condition, *, wanted: bool) -> Iterator[tuple[Test, bool]]:
    """The questions, and which answer each wants."""
    if isinstance(condition, Test):
        yield condition, wanted
    elif isinstance(condition, conditions.Not):
        yield from _asked(condition.inner, wanted=not wanted)
    else:
        for part in condition.parts:
            yield from _asked(part, wanted=wanted)


def _found(test: Test, value: Value | None) -> str:
    if isinstance(value, list):
        return f"{test.name}: {', '.join(value) or 'none'}"
    if value is None or value == "":
        return f"{test.name} is blank"
    return f"{test.name} is {str(value).lower() if isinstance(value, bool) else value}"


def _text(test: Test, wanted: bool) -> str:
    if test.op == "blank":
        return f" (asked: {'' if wanted else 'not '}blank)"
    values = ", ".join(_literal(one) for one in test.values)
    shown = f"({values})" if test.op == "in" else values
    return f" (asked: {'' if wanted else 'not '}{test.op} {shown})"


def _literal(value: Literal) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _then(action: Action, firing: Firing, facts: Facts, at: float) -> str:
    text = filled(action.text, firing, facts, at=at)
    if text is None:
        return f'{DOES[action.do]} "{action.text.text}": left out, for something in it is blank'
    return f'{DOES[action.do]} "{text}"'


def _unknown(trigger: Trigger) -> dict[str, str]:
    """Words of a cause that is not there: as they stand in the text."""
    return {word: f"{{{word}}}" for word in WORDS[trigger.when]}
