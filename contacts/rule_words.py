"""A rule as people write it in ``rollbook.toml``, with everything that is wrong with it. Pure.

[[rules]]
name = "honours"
when = "custom.score >= 80"          # or { enrolled = "…" }, { tag_added = "…" }, …
if = 'not tags contains "staff"'     # may be left out
then = { add_tag = "honours", note = "Scored {custom.score}" }
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contacts import cleaning, condition_words, templates
from contacts.condition_words import BadCondition
from contacts.conditions import Condition
from contacts.events import CONTACT, NOTE, TASK
from contacts.fields import CUSTOM
from contacts.names import hint, is_field
from contacts.rules import ANY, Action, Do, Rule, Trigger, When
from contacts.templates import Template

KEYS: Final = ("name", "when", "if", "then")
LONGEST_NAME: Final = 80

PLATFORM_EVENTS: Final = ("account", "newsletter")
"""What the course platform tells beside enrolments."""

CRM_EVENTS: Final = tuple(sorted((CONTACT | NOTE | TASK) - {"ContactDelete"}))
"""What people do in the CRM: the names of its webhooks."""

WORKFLOW: Final = "workflow:"
"""Before the name that a workflow of the CRM gives its "Custom Webhook"."""

UNITS: Final = {"minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0}
DUE_S: Final = UNITS["day"]
"""When a task is due that does not say when."""

_SPAN: Final = re.compile(r"\s*(\d{1,4})\s+(minute|hour|day|week)s?\s*")


class Anything(Collection[str]):
    """Custom fields, of which every name is one: for rules that were checked before."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(slots=True)
class Reading:
    """One rule on its way from a table of TOML.

    Attributes:
        custom: keys and ids of the location's custom fields; None: not known.
        mistakes: (key within the rule, half a sentence).
    """

    custom: Collection[str] | None = None
    mistakes: list[tuple[str, str]] = field(default_factory=list)

    def rule(self, found: Mapping[str, Any], *, since: float = 0.0) -> Rule | None:
        """The rule; None: something is wrong with it, see ``mistakes``."""
        self._unknown("", found, KEYS)
        name = self._name(found.get("name"))
        trigger = self._trigger(found.get("when"))
        only_if = self._condition("if", found["if"]) if "if" in found else None
        actions = self._actions(found.get("then"), trigger)
        if self.mistakes or name is None or trigger is None:
            return None
        return Rule(name, trigger, tuple(actions), only_if, since)

    def wrong(self, key: str, what: str) -> None:
        """Something is wrong with what stands under a key."""
        self.mistakes.append((key, what))

    def _unknown(self, key: str, found: Mapping[str, Any], known: Collection[str]) -> None:
        for name in found:
            if name not in known:
                self.wrong(f"{key}.{name}".lstrip("."), f"means nothing here{hint(name, known)}")

    def _name(self, found: object) -> str | None:
        if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_NAME:
            what = f"must be a text in quotes, of at most {LONGEST_NAME} characters"
            self.wrong("name", f"{what}: by it a rule is known when the file is loaded again")
            return None
        return " ".join(found.split())

    def _condition(self, key: str, found: object) -> Condition | None:
        if not isinstance(found, str) or not found.strip():
            self.wrong(key, 'must be a condition in quotes, such as "custom.score >= 80"')
            return None
        try:
            return condition_words.parse(found, self.custom)
        except BadCondition as error:
            self.wrong(key, str(error))
            return None

    # ------------------------------------------------------------ when

    def _trigger(self, found: object) -> Trigger | None:
        if isinstance(found, str):
            condition = self._condition("when", found)
            return Trigger(When.CONDITION, condition=condition) if condition else None
        kinds = [one.value for one in When if one is not When.CONDITION]
        if not isinstance(found, dict) or len(found.keys() & set(kinds)) != 1:
            words = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
            self.wrong("when", f"must be a condition in quotes, or a table with one of {words}")
            return None
        when = When(next(iter(found.keys() & set(kinds))))
        allowed = (when.value, "pipeline") if when is When.STAGE else (when.value,)
        self._unknown("when", found, allowed)
        key = f"when.{when.value}"
        pattern = self._pattern(key, found[when.value])
        pipeline = self._pattern("when.pipeline", found.get("pipeline", ANY))
        if pattern is None or pipeline is None:
            return None
        if when is When.EVENT:
            self._event(key, pattern)
        return Trigger(when, pattern, pipeline)

    def _pattern(self, key: str, found: object) -> str | None:
        if isinstance(found, str) and found.strip():
            return " ".join(found.split())
        self.wrong(key, 'must be a text in quotes; "*" stands for anything')
        return None

    def _event(self, key: str, name: str) -> None:
        known = (*PLATFORM_EVENTS, *CRM_EVENTS)
        if name in known or (name.startswith(WORKFLOW) and name != WORKFLOW):
            return
        if name in ("enrolment", "enrollment"):
            self.wrong(key, 'is a trigger of its own: when = { enrolled = "COURSE" }')
            return
        ways = f'{", ".join(known)}, or "{WORKFLOW}NAME" for a workflow of the CRM'
        self.wrong(key, f'"{name}" is no event{hint(name, known)}; there are {ways}')

    # ------------------------------------------------------------ then

    def _actions(self, found: object, trigger: Trigger | None) -> list[Action]:
        if not isinstance(found, dict) or not found:
            words = ", ".join(one.value for one in Do)
            self.wrong("then", f"must be a table with some of {words}")
            return []
        self._unknown("then", found, [one.value for one in Do])
        actions = []
        for do in Do:
            values = found.get(do.value, [])
            for value in values if isinstance(values, list) else [values]:
                action = self._action(f"then.{do.value}", do, value, trigger)
                if action is not None:
                    actions.append(action)
        return actions

    def _action(self, key: str, do: Do, value: object, trigger: Trigger | None) -> Action | None:
        if do is Do.TASK and isinstance(value, dict):
            return self._task(key, value, trigger)
        text = self._template(key, value, trigger)
        if text is not None and do in (Do.ADD_TAG, Do.REMOVE_TAG) and not text.columns:
            text = templates.parse(cleaning.tag(text.text))
        return None if text is None else Action(do, text, due_s=DUE_S if do is Do.TASK else 0.0)

    def _task(self, key: str, found: Mapping[str, Any], trigger: Trigger | None) -> Action | None:
        self._unknown(key, found, ("title", "body", "due"))
        title = self._template(f"{key}.title", found.get("title"), trigger)
        body = None
        if "body" in found:
            body = self._template(f"{key}.body", found["body"], trigger)
        due = found.get("due", "1 day")
        span = _SPAN.fullmatch(due) if isinstance(due, str) else None
        if span is None:
            self.wrong(f"{key}.due", 'must be a number of minutes, hours, days or weeks: "2 days"')
            return None
        if title is None or ("body" in found and body is None):
            return None
        return Action(Do.TASK, title, body, int(span[1]) * UNITS[span[2]])

    def _template(self, key: str, value: object, trigger: Trigger | None) -> Template | None:
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, "must be a text in quotes")
            return None
        try:
            found = templates.parse(value)
        except ValueError as error:
            self.wrong(key, str(error))
            return None
        known = ["date", "rule", *WORDS[trigger.when]] if trigger else []
        for name in found.columns:
            if trigger and name not in known and not self._names_a_field(name):
                self.wrong(key, f"names {{{name}}}, which is neither a field nor one of {known}")
        return found

    def _names_a_field(self, name: str) -> bool:
        if self.custom is None or name in self.custom:
            return is_field(name) or is_field(CUSTOM + name)
        return is_field(name) and (
            not name.startswith(CUSTOM) or name.removeprefix(CUSTOM) in self.custom
        )


WORDS: Final[dict[When, tuple[str, ...]]] = {
    When.CONDITION: (),
    When.TAG_ADDED: ("tag",),
    When.TAG_REMOVED: ("tag",),
    When.ENROLLED: ("course", "course_id"),
    When.STAGE: ("stage", "pipeline"),
    When.EVENT: ("event",),
}
"""What a rule's texts may name beside fields, by what it waits for."""
