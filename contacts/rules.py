"""Rules: when something happens to a contact, something is done for it, once per cause. Pure.

    facts before, facts after ──► decide ──► firings ──► (worker/rules.py does what they say)

A condition fires when it becomes true, a tag, an enrolment and a stage when they come, an event for
each event. A firing has a *cause*, a key that is the same however often it is worked out, so that
nothing is done twice for one cause.

Rules may set each other off. A change that a rule wished for is known by its mark (``tag+honours``)
when it is seen; what it sets off is one link further down the chain that something else began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from contacts import conditions
from contacts.cleaning import Value
from contacts.conditions import Condition
from contacts.facts import Facts, marks
from contacts.fields import CUSTOM
from contacts.templates import Template

DEEPEST: Final = 5
"""Rules that set each other off, one after the other. A longer chain is taken for a circle."""

ANY: Final = "*"


class When(StrEnum):
    """What a rule waits for."""

    CONDITION = "condition"
    TAG_ADDED = "tag_added"
    TAG_REMOVED = "tag_removed"
    ENROLLED = "enrolled"
    STAGE = "stage"
    EVENT = "event"


class Do(StrEnum):
    """What a rule does."""

    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    NOTE = "note"
    TASK = "task"
    ENROL = "enrol"
    PUT_ON_LIST = "put_on_list"
    TAKE_OFF_LIST = "take_off_list"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a rule waits for.

    Attributes:
        pattern: of the tag, the course (id or title), the stage or the event; ``*`` stands for
            anything. "" for a condition.
        pipeline: of a stage.
        condition: of a condition, which has to become true.
    """

    when: When
    pattern: str = ""
    pipeline: str = ANY
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        text: the tag, note, title of a task, id of a course or name of a list.
        body: of a task.
        due_s: of a task: so long after the firing, seconds.
    """

    do: Do
    text: Template
    body: Template | None = None
    due_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: by which it is known, also when the file is loaded again.
        only_if: has to be true at that moment.
        since: events from before then are none of its business, seconds since the epoch.
    """

    name: str
    trigger: Trigger
    actions: tuple[Action, ...]
    only_if: Condition | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule fires for a contact.

    Attributes:
        cause: what for; the same whenever it is worked out again.
        words: what its texts may name beside fields: ``tag``, ``course``, ``stage``, ``event``.
        depth: 1: something else than a rule set it off; 2: what such a rule did; and so on.
    """

    rule: Rule
    cause: str
    words: Mapping[str, str] = field(default_factory=dict)
    depth: int = 1


def decide(
    rules: Iterable[Rule],
    before: Facts,
    after: Facts,
    *,
    seen: str,
    fired: Collection[tuple[str, str]] = (),
    ours: Mapping[str, int] | None = None,
) -> list[Firing]:
    """Which rules fire, in the order of the rules.

    Args:
        seen: a name for this pair of facts; the same if the same change is looked at again.
        fired: (rule, cause) of firings that are known already.
        ours: depth of the firing that wished for a change, by the change's mark.
    """
    moved = marks(before, after)
    depths = {mark: (ours or {}).get(mark, 0) for mark in moved}
    change = _Change(before, after, before.values(), after.values(), seen)
    firings = []
    for rule in rules:
        if rule.only_if is not None and not rule.only_if.holds(change.values):
            continue
        for cause, words, mark in _causes(rule, change):
            if (rule.name, cause) not in fired:
                depth = 1 + _depth(rule, mark, depths)
                firings.append(Firing(rule, cause, words, depth))
    return firings


def wished(do: Do, text: str) -> str | None:
    """The mark of the change that an action will be seen as; None: nothing that sets a rule off."""
    sign = {
        Do.ADD_TAG: "tag+",
        Do.REMOVE_TAG: "tag-",
        Do.ENROL: "course+",
        Do.PUT_ON_LIST: "list+",
        Do.TAKE_OFF_LIST: "list-",
    }.get(do)
    return None if sign is None else sign + text


def filled(template: Template, firing: Firing, facts: Facts, *, at: float) -> str | None:
    """A text of the rule with the contact's values in it; None where one of them is blank.

    Args:
        at: of the firing, seconds since the epoch; ``{date}`` is its day (UTC).
    """
    words = {"date": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}", "rule": firing.rule.name}
    words |= firing.words

    def value(name: str) -> str:
        if name in words:
            return words[name]
        found = facts.fields.get(name, facts.fields.get(CUSTOM + name, ""))
        return ", ".join(found) if isinstance(found, list) else str(found)

    return template.fill(value)


def matches(pattern: str, *texts: str) -> bool:
    """Whether one of the texts is the pattern, in which ``*`` stands for anything; a tag's case
    does not count."""
    parts = pattern.casefold().split(ANY)
    return any(_has(parts, text.casefold()) for text in texts)


def _has(parts: list[str], text: str) -> bool:
    first, *others = parts
    if not others:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for part in others[:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(text) - at >= len(others[-1]) and text.endswith(others[-1])


_Cause = tuple[str, dict[str, str], str]
"""(cause, words for the texts, the mark of the change that it is)."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Two facts, and what conditions ask of them: worked out once for all rules."""

    before: Facts
    after: Facts
    were: Mapping[str, Value]
    values: Mapping[str, Value]
    seen: str


def _causes(rule: Rule, change: _Change) -> list[_Cause]:
    trigger, before, after, seen = rule.trigger, change.before, change.after, change.seen
    match trigger.when:
        case When.CONDITION:
            condition = trigger.condition
            assert condition is not None
            was = before.there and condition.holds(change.were)
            became = condition.holds(change.values) and not was
            return [(f"became:{seen}", {}, "")] if became else []
        case When.TAG_ADDED:
            return _tags(trigger, after.tags - before.tags, "tag+", seen)
        case When.TAG_REMOVED:
            return _tags(trigger, before.tags - after.tags, "tag-", seen)
        case When.ENROLLED:
            return _enrolled(trigger, before, after)
        case When.STAGE:
            return _staged(trigger, before, after, seen)
        case When.EVENT:
            return [
                (f"event:{one.key}", {"event": one.name}, "")
                for one in after.events
                if one.at >= rule.since and matches(trigger.pattern, one.name)
            ]


def _tags(trigger: Trigger, tags: Iterable[str], sign: str, seen: str) -> list[_Cause]:
    return [
        (f"{sign}{tag}:{seen}", {"tag": tag}, sign + tag)
        for tag in sorted(tags)
        if matches(trigger.pattern, tag)
    ]


def _enrolled(trigger: Trigger, before: Facts, after: Facts) -> list[_Cause]:
    return [
        (
            f"enrolment:{key}",
            {"course": one.title or one.id, "course_id": one.id},
            f"course+{one.id}",
        )
        for key, one in after.enrolments.items()
        if key not in before.enrolments and matches(trigger.pattern, one.id, one.title)
    ]


def _staged(trigger: Trigger, before: Facts, after: Facts, seen: str) -> list[_Cause]:
    return [
        (f"stage:{key}:{seen}", {"stage": one.stage, "pipeline": one.pipeline}, "")
        for key, one in sorted(after.stages.items())
        if before.stages.get(key) != one
        and matches(trigger.pattern, one.stage)
        and matches(trigger.pipeline, one.pipeline)
    ]


def _depth(rule: Rule, mark: str, depths: Mapping[str, int]) -> int:
    """How deep down a chain the change is that set the rule off; 0: no rule wished for it."""
    if mark:
        return depths.get(mark, 0)
    if rule.trigger.condition is None:
        return 0
    kinds = {"tags": "tag", "lists": "list", "courses": "course"}
    asked = conditions.names(rule.trigger.condition)
    signs = tuple(kinds[name] for name in asked if name in kinds)
    return max((depth for one, depth in depths.items() if one.startswith(signs)), default=0)
