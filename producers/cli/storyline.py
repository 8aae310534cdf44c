"""A contact's story, put into words: what happened and why. Pure; drawn by ``storyboard``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contacts.jobs import lane_of
from producers.cli.words import clock

if TYPE_CHECKING:
    from contacts.store.audit import Call
    from contacts.store.story import Errand, Story
    from contacts.store.timeline import Entry

WORDS: Final = {
    "new": "came in",
    "said": "was said here",
    "shown": "the CRM showed it",
    "taken": "taken from the CRM",
    "sent": "told the CRM",
    "normalised": "the CRM spelled it so",
    "refused": "the CRM left it out",
    "conflict": "conflict",
    "linked": "linked",
    "unlinked": "unlinked",
    "gone": "deleted in the CRM",
    "back": "in the CRM again",
    "removed": "removed here",
    "rule": "a rule fired",
}
"""What happened, in a few words each."""

BY: Final = {
    "owner": "the field's owner decides",
    "newest": "the later edit counts",
    "platform": "the platform's edit counts",
    "crm": "the CRM's edit counts",
    "one-way": "only the other one may travel",
    "taken": "another contact here has it",
    "overwritten": "our write came before we had seen it",
}
"""Why a value lost."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, as it is shown.

    Attributes:
        changes: (name, before, after) as text; of a conflict (name, lost, kept).
        why: what led to it, first the cause, then each call that was made for it.
    """

    entry: Entry
    changes: tuple[tuple[str, str, str], ...]
    why: tuple[str, ...]


def events(story: Story, asked: str | None) -> list[Event]:
    """What happened, oldest first; where a field is asked about, only what touches it."""
    told: set[int] = set()
    found = []
    for entry in story.entries:
        changes = tuple(
            (name, text(change[0]), text(change[1]))
            for name, change in entry.changes.items()
            if matches(name, asked)
        )
        found.append(Event(entry, changes, tuple(_why(story, entry, told))))
    return found


def is_about(entry: Entry, asked: str | None) -> bool:
    """Whether an entry touches what is asked about; what touches no field touches all."""
    return not entry.changes or any(matches(name, asked) for name in entry.changes)


def matches(name: str, asked: str | None) -> bool:
    """Whether a change is about what is asked: ``tag:`` asks for every tag."""
    return asked is None or name == asked or (asked.endswith(":") and name.startswith(asked))


def text(value: Any) -> str:
    """A value as it is shown; "-" where there is none."""
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _why(story: Story, entry: Entry, told: set[int]) -> Iterable[str]:
    """The cause, and the calls of the job if they were not told of before."""
    parts = [_cause(story, entry)]
    if entry.what == "conflict":
        parts += [_decided(change) for change in entry.changes.values()]
    job = story.jobs.get(entry.job) if entry.job is not None else None
    if entry.job is not None:
        parts.append(f"job {entry.job} {job.kind}" if job else f"job {entry.job}")
    yield "; ".join(part for part in parts if part)
    if entry.job is not None and entry.job not in told:
        told.add(entry.job)
        yield from (_call(call) for call in story.calls.get(entry.job, ()))


def _cause(story: Story, entry: Entry) -> str:
    from contacts.store.story import named

    cause = entry.cause or ""
    for id in named(cause):
        hook = story.hooks.get(id)
        if hook is not None:
            known = f"webhook {hook.webhook} of {clock(hook.at, entry.at)}, {hook.type}"
            cause = cause.replace(f"webhook {id} {hook.type}", known)
    run = ""
    if entry.run is not None:
        title = story.runs.get(entry.run)
        run = f"run {entry.run}, {title}" if title else f"run {entry.run}"
    return "; ".join(part for part in (cause, run) if part)


def _decided(change: Sequence[Any]) -> str:
    whose = "ours" if change[2] == "ours" else "the CRM's"
    return f"{whose} lost: {BY.get(change[3], change[3])}"


def _call(call: Call) -> str:
    status = f"answered {call.status}" if call.status else "no answer"
    # For the CRM's support, which is asked about failures only.
    trace = f", trace {call.trace}" if call.trace and call.status not in range(200, 300) else ""
    many = f", for {call.contacts:,} contacts" if call.contacts > 1 else ""
    return f"{call.operation} {status} in {call.ms:,.0f} ms{many}{trace}"


# ---------------------------------------------------------------- for machines


def as_json(story: Story, found: Sequence[Event], asked: str | None) -> dict[str, Any]:
    """The same for machines."""
    card = story.card
    return {
        "contact": story.contact,
        "location": story.location,
        "known": card is not None,
        "crm_id": card.remote_id if card else None,
        "gone": card.gone if card else None,
        "ours": _of(card.fields if card else {}, asked),
        "agreed": _of(card.agreed if card else {}, asked),
        "unsent": _of(story.unsent, asked),
        "tags": {t: {"wanted": want, "agreed": has} for t, (want, has) in story.tags.items()},
        "events": [_event_json(story, one, asked) for one in found],
        "earlier": story.earlier,
        "planned": [_errand_json(job) for job in story.planned],
        "paused": None
        if story.paused is None
        else {"until": story.paused[0], "reason": story.paused[1]},
    }


def _of(values: Any, asked: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if matches(name, asked)}


def _event_json(story: Story, one: Event, asked: str | None) -> dict[str, Any]:
    entry = one.entry
    calls = story.calls.get(entry.job, ()) if entry.job is not None else ()
    return {
        "at": entry.at,
        "what": entry.what,
        "changes": _of(entry.changes, asked),
        "cause": entry.cause,
        "run": entry.run,
        "job": entry.job,
        "calls": [
            {
                "at": c.at,
                "operation": c.operation,
                "status": c.status,
                "ms": c.ms,
                "trace": c.trace,
                "contacts": c.contacts,
            }
            for c in calls
        ],
    }


def _errand_json(job: Errand) -> dict[str, Any]:
    return {
        "job": job.id,
        "kind": job.kind,
        "state": job.state,
        "lane": lane_of(job.lane),
        "due_at": job.due_at,
        "attempts": job.attempts,
        "code": job.code,
        "reason": job.reason,
    }
