"""All that Rollbook can do or be set off by, with what it needs: from the tables of the code.

Where a table has no sentences for people they stand here; a test finds a row that has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts import belt, events
from contacts.catalogue import OPERATIONS, Operation
from contacts.conditions import SETS
from contacts.jobs import Kind
from contacts.platforms import Event
from contacts.rule_reasons import DOES
from contacts.rule_words import CRM_EVENTS, PLATFORM_EVENTS, WORKFLOW
from contacts.rules import Do, When
from contacts.settings import V3
from producers.cli.codes import KINDS


class Group(StrEnum):
    """What an entry is; the word is that of the JSON."""

    CALL = "call"
    DEED = "deed"
    EFFECT = "effect"
    WEBHOOK = "webhook"
    HOOK = "hook"
    SCHEDULE = "schedule"
    WHEN = "when"
    EVENT = "event"
    CONDITION = "condition"


TITLES: Final[dict[Group, str]] = {
    Group.CALL: "Actions: calls of the CRM's API",
    Group.DEED: "Actions: what jobs do by themselves",
    Group.EFFECT: "Actions: what a rule may do",
    Group.WEBHOOK: "Triggers: webhooks of the CRM",
    Group.HOOK: "Triggers: hooks of the course platform",
    Group.SCHEDULE: "Triggers: the clock",
    Group.WHEN: "Triggers: what a rule may wait for",
    Group.EVENT: "Triggers: events that a rule may name",
    Group.CONDITION: "Triggers: what a condition may ask",
}

ACTIONS: Final = frozenset({Group.CALL, Group.DEED, Group.EFFECT})


@dataclass(frozen=True, slots=True)
class Entry:
    """One action or trigger.

    Attributes:
        name: as it is written where it is used.
        does: a sentence.
        needs: scope of the token, setting, table of ``rollbook.toml`` and so on.
        by: how it is used; "": by itself.
    """

    group: Group
    name: str
    does: str
    needs: tuple[str, ...] = ()
    by: str = ""


_WRITES: Final = ("scope contacts.write",)
_READS: Final = ("scope contacts.readonly",)
_PLATFORM: Final = ("rollbook platform connect",)
_APP: Final = ("ROLLBOOK_OAUTH_CLIENT_ID", "ROLLBOOK_OAUTH_CLIENT_SECRET")
_RECEIVER: Final = "ROLLBOOK_RECEIVER_PORT behind HTTPS"
_RULES: Final = "[[rules]]"

DEED_NEEDS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.PUSH: _WRITES,
    Kind.TAG: _WRITES,
    Kind.NOTE: _WRITES,
    Kind.TASK: _WRITES,
    Kind.FIELDS: ("scope locations/customFields.readonly",),
    Kind.PULL: _READS,
    Kind.NOTES: _READS,
    Kind.TASKS: _READS,
    Kind.TASK_OWNER: ("scope locations/tasks.readonly",),
    Kind.TASK_WALK: ("scope locations/tasks.readonly",),
    Kind.PAGE: _READS,
    Kind.DOUBT: ("scope contacts.readonly", "scope contacts.write"),
    Kind.RULES: (_RULES,),
    Kind.ENROL: _PLATFORM,
    Kind.LIST: _PLATFORM,
    Kind.PLATFORM: _PLATFORM,
    Kind.FEED: _PLATFORM,
    Kind.COURSES: _PLATFORM,
    Kind.CHECK: _READS,
    Kind.PROBE: _READS,
    Kind.ACCESS_EXCHANGE: _APP,
    Kind.ACCESS_LOCATIONS: (*_APP, "scope oauth.readonly"),
    Kind.ACCESS_REFRESH: _APP,
}

WEBHOOKS: Final[dict[str, str]] = {
    "ContactCreate": "A contact was made: it is linked to one of ours, or adopted.",
    "ContactUpdate": "A contact was changed: it is read, and both sides meet.",
    "ContactDelete": "A contact was deleted or merged: it is looked for, then ROLLBOOK_DELETED "
    "decides.",
    "ContactTagUpdate": "A contact's tags were changed: it is read, and both sides meet.",
    "ContactDndUpdate": "A contact's do-not-disturb was changed: it is read.",
    "NoteCreate": "Somebody wrote a note: it is kept here.",
    "NoteUpdate": "Somebody changed a note: so is ours.",
    "NoteDelete": "Somebody deleted a note: it is gone here too.",
    "TaskCreate": "Somebody made a task: it is kept here, once its contact is found.",
    "TaskComplete": "Somebody completed a task: so is ours.",
    "TaskDelete": "Somebody deleted a task: it is gone here too.",
    "OpportunityCreate": "An opportunity came into a stage of a funnel; no call.",
    "OpportunityUpdate": "An opportunity was changed: its stage is kept; no call.",
    "OpportunityStageUpdate": "An opportunity came into another stage; no call.",
    "OpportunityDelete": "An opportunity is in no stage any more; no call.",
    "INSTALL": "The app was installed: the location is known from now on, and gets its tokens.",
    "UNINSTALL": "The app was removed: from now on only the nightly comparison finds changes.",
    events.WORKFLOW: "A workflow's Custom Webhook: the contact is read, its event may set off a "
    "rule.",
}

HOOKS: Final[dict[Event, str]] = {
    Event.ACCOUNT: "Somebody made an account: a contact.",
    Event.ENROLMENT: "Somebody was enrolled in a course: a contact, the enrolment, tags and a "
    "note.",
    Event.NEWSLETTER: "Somebody signed up for the newsletter: a contact, on a list.",
}

TICKS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    belt.TICK_RECLAIM: (
        "Takes back the jobs of workers that died.", ("ROLLBOOK_SWEEP_SECONDS",)
    ),
    belt.TICK_PRUNE: (
        "Forgets old calls, jobs, events and history.",
        ("ROLLBOOK_KEEP_CALLS_DAYS", "ROLLBOOK_KEEP_HISTORY_DAYS"),
    ),
    belt.TICK_HEARTBEAT: ("Shows that clock, Redis and a worker are one chain.", ()),
    belt.TICK_NIGHT: (
        "Compares every location with the CRM, and puts what is owed and has no job.",
        ("ROLLBOOK_NIGHT_AT", "ROLLBOOK_RECONCILE_BY"),
    ),
    belt.TICK_SCAN: (
        "Reads what changed lately in the CRM, for what no webhook told.",
        ("ROLLBOOK_SCAN_SECONDS",),
    ),
    belt.TICK_RENEW: (
        "Renews tokens before their end.", ("ROLLBOOK_OAUTH_CLIENT_ID", "ROLLBOOK_OAUTH_MARGIN")
    ),
}  # fmt: skip

WHENS: Final[dict[When, str]] = {
    When.CONDITION: "A condition becomes true.",
    When.TAG_ADDED: "A tag comes.",
    When.TAG_REMOVED: "A tag goes.",
    When.ENROLLED: "An enrolment in a course, by its title or id.",
    When.STAGE: "An opportunity of the contact comes into a stage of a funnel.",
    When.EVENT: "An event, once for each.",
}

CONDITIONS: Final[dict[str, str]] = {
    "FIELD = VALUE": "It is this text, number, day or truth value.",
    "FIELD != VALUE": "It is another one, and not blank.",
    "FIELD < VALUE": "It is a smaller number or an earlier day.",
    "FIELD <= VALUE": "It is not greater.",
    "FIELD > VALUE": "It is a greater number or a later day.",
    "FIELD >= VALUE": "It is not smaller.",
    "FIELD contains TEXT": "The text is in it; of a list, one of its parts is.",
    "FIELD in (TEXT, TEXT)": "It is one of these.",
    "FIELD is blank": "It holds nothing.",
    "FIELD is not blank": "It holds something.",
    "… and …": "Both are so; binds closer than or.",
    "… or …": "One of them is so.",
    "not …": "It is not so.",
}

_SETS: Final = {
    "tags": "It has the tag.",
    "courses": "It is in the course, by its title or id.",
    "lists": "It is on the list of the platform.",
    "stages": "One of its opportunities is in the stage.",
}


def entries() -> list[Entry]:
    """Everything, in the order of the page."""
    return [*_calls(), *_deeds(), *_effects(), *_webhooks(), *_hooks(), *_clock(), *_rules()]


def _calls() -> Iterator[Entry]:
    for one in OPERATIONS:
        by = f"rollbook call {one.name}" if one.by_name else one.instead
        yield Entry(Group.CALL, one.name, one.does, needs_of(one), by)


def needs_of(one: Operation) -> tuple[str, ...]:
    """What a call needs beside a location."""
    needs = [f"scope {one.scope}"] if one.scope else []
    if one.token.value != "the location's":
        needs.append(f"token: {one.token.value}")
    if not one.is_in(V3):
        needs.append("ROLLBOOK_CRM_VERSION before v3")
    if not one.v2:
        needs.append("ROLLBOOK_CRM_VERSION=v3")
    return tuple(needs)


def _deeds() -> Iterator[Entry]:
    for kind, does in KINDS.items():
        if kind is not Kind.CALL:  # those are the calls
            yield Entry(Group.DEED, kind.value, does, DEED_NEEDS[kind])


def _effects() -> Iterator[Entry]:
    to_platform = (Do.ENROL, Do.PUT_ON_LIST, Do.TAKE_OFF_LIST)
    for do, words in DOES.items():
        needs = (_RULES, *_PLATFORM) if do in to_platform else (_RULES, *_WRITES)
        yield Entry(
            Group.EFFECT, do.value, f"{words.capitalize()} that the rule names.", needs, "then"
        )


def _webhooks() -> Iterator[Entry]:
    for type, does in WEBHOOKS.items():
        yield Entry(Group.WEBHOOK, type, does, _of_webhook(type), "docs/webhooks.md")


def _of_webhook(type: str) -> tuple[str, ...]:
    if type == events.WORKFLOW:
        return (_RECEIVER, "ROLLBOOK_WEBHOOK_SECRET")
    if type in events.CONTACT | events.NOTE | events.TASK:
        return (_RECEIVER, "an app", *_READS)
    if type in events.OPPORTUNITY:
        return (_RECEIVER, "an app", "scope opportunities.readonly")
    return (_RECEIVER, "an app")


def _hooks() -> Iterator[Entry]:
    for event, does in HOOKS.items():
        yield Entry(
            Group.HOOK, event.value, does,
            (_RECEIVER, "ROLLBOOK_PLATFORM_SECRET", "[platform.events]"), "docs/platform.md",
        )  # fmt: skip


def _clock() -> Iterator[Entry]:
    for tick, (does, needs) in TICKS.items():
        yield Entry(Group.SCHEDULE, tick, does, needs)


def _rules() -> Iterator[Entry]:
    for when, does in WHENS.items():
        yield Entry(Group.WHEN, when.value, does, (_RULES,), "when")
    for name in (*PLATFORM_EVENTS, *CRM_EVENTS, f"{WORKFLOW}NAME"):
        yield Entry(Group.EVENT, name, _of_event(name), (_RULES,), "when = { event = … }")
    asked = CONDITIONS | {f"{name} contains TEXT": _SETS[name] for name in SETS}
    for words, does in asked.items():
        yield Entry(Group.CONDITION, words, does, (_RULES,), "when, if")


def _of_event(name: str) -> str:
    if name in PLATFORM_EVENTS:
        return f"The platform's hook {name}."
    if name in CRM_EVENTS:
        return f"The CRM's webhook {name}, where it is no echo of our own write."
    return "A workflow of the CRM posted under this name."
