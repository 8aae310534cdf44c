"""A contact's story as a person sees it: who it is, what happened, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from contacts.jobs import lane_of
from producers.cli import screen
from producers.cli.storyline import WORDS, matches, text
from producers.cli.words import clock, span, until_when

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.text import Text

    from contacts.store.story import Errand, Story
    from producers.cli.storyline import Event

LOUD: Final = frozenset({"conflict", "refused", "gone", "removed"})

BESIDE: Final = 120
"""Columns from which on what led to a change stands beside it; below it on a narrower terminal."""


def draw(
    story: Story, found: Sequence[Event], asked: str | None, now: float
) -> list[RenderableType]:
    """The story: who it is, how it stands, what happened, and what comes next."""
    from rich.text import Text

    drawn: list[RenderableType] = [screen.Hanging(headline(story), style="bold")]
    drawn += [screen.Hanging(line) for line in standing(story, asked)]
    drawn.append(Text(""))
    if story.earlier:
        more = f"--limit {len(found) + story.earlier}"
        drawn.append(Text(f"{story.earlier} earlier ones are not shown: {more}", style="dim"))
    drawn.append(_Told(found, now) if found else Text("Nothing is known of how."))
    drawn += [Text(""), Text("Next", style="bold")]
    drawn += [_next(line, style) for line, style in coming(story, asked, now)]
    return drawn


def _next(line: str, style: str) -> RenderableType:
    from rich.padding import Padding

    return Padding(screen.Hanging(line, style=style), (0, 0, 0, 2))


def headline(story: Story) -> str:
    """``Contact 12 in loc_abc, ada@example.org, is 5f1c… in the CRM``."""
    card = story.card
    if card is None:
        return f"Contact {story.contact} is not here any more"
    known = card.email or card.phone or "without email and phone"
    if card.gone:
        there = "was deleted in the CRM, and is kept here"
    elif card.remote_id:
        there = f"is {card.remote_id} in the CRM"
    else:
        there = "is not in the CRM yet"
    return f"Contact {story.contact} in {story.location}, {known}, {there}"


def standing(story: Story, asked: str | None) -> list[str]:
    """How what is asked about stands: ours, agreed, and who decides."""
    from producers.cli.rulebook import said_of

    card = story.card
    if card is None or asked is None:
        return []
    if asked.startswith("tag:"):
        return [
            f"{tag}: {'wanted' if want else 'not wanted'} here, {_has(has)} the CRM"
            for tag, (want, has) in story.tags.items()
            if matches(f"tag:{tag}", asked)
        ] or ["No such tag is known."]
    if asked.endswith(":") or ":" in asked or asked == "link":
        return []
    lines = [
        f"{asked} is {text(card.fields.get(asked))} here; agreed with the CRM: "
        f"{text(card.agreed.get(asked))}",
        said_of(card.policy.rule(asked)),
    ]
    if asked in card.said:
        lines.append(f"A source last said {text(card.said[asked])}, which is no edit if it is said")
        lines[-1] += " again"
    return lines


def _has(has: bool | None) -> str:
    return "not known whether in" if has is None else "on in" if has else "off in"


class _Told:
    """What happened, as wide as the terminal is."""

    def __init__(self, found: Sequence[Event], now: float) -> None:
        self._found, self._now = found, now

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        beside = options.max_width >= BESIDE
        yield _table(self._found, self._now, beside=beside)


def _table(found: Sequence[Event], now: float, *, beside: bool) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for wraps in (False, False, True, *([True] if beside else [])):
        table.add_column(no_wrap=not wraps, overflow="fold")
    for one in found:
        loud = "yellow" if one.entry.what in LOUD else ""
        changes = [screen.Hanging(_line(one.entry.what, *change)) for change in one.changes]
        why = [screen.Hanging(line, style="dim") for line in one.why]
        table.add_row(
            Text(clock(one.entry.at, now), style="dim"),
            Text(WORDS.get(one.entry.what, one.entry.what), style=loud),
            *([Group(*changes), Group(*why)] if beside else [Group(*changes, *why)]),
        )
    return table


def _line(what: str, name: str, before: str, after: str) -> Text:
    from rich.text import Text

    if what == "conflict":
        return Text.assemble(f"{name}  ", (before, "strike"), f"  stays {after}")
    arrow = "  " if before == "-" else f"  {before} → "
    return Text.assemble((f"{name}", "bold"), arrow, after)


# ---------------------------------------------------------------- what comes next


def coming(story: Story, asked: str | None, now: float) -> list[tuple[str, str]]:
    """What is planned, and what is not, each a line and its style."""
    if story.card is None:
        return [("Nothing: the contact is not here any more.", "")]
    lines = []
    if story.paused is not None:
        until, reason = story.paused
        lines.append((f"{story.location} is paused {until_when(until, now)}: {reason}", "yellow"))
    lines += [_planned(job, story.contact, now) for job in story.planned]
    if story.card.gone:
        lines.append(("Nothing is sent while it is deleted in the CRM.", ""))
    lines += _owed(story, asked)
    return lines or [("Nothing: both sides agree.", "")]


def _planned(job: Errand, contact: int, now: float) -> tuple[str, str]:
    what = f"job {job.id} {job.kind}, {lane_of(job.lane)} lane"
    if job.state == "released":
        return f"{what}: at work" + (f" by {job.worker}" if job.worker else ", on its way"), ""
    if job.state == "parked":
        again = f"rollbook parked retry {job.id}"
        return f"{what}: parked, {job.code}: {job.reason}; `{again}` tries again", "yellow"
    if job.state == "cancelled":
        return f"{what}: cancelled; `rollbook push {contact}` takes it up", ""
    wait = "due now" if job.due_at <= now else f"due in {span(job.due_at - now)}"
    tried = f", tried {job.attempts} times: {job.reason}" if job.attempts else ""
    return f"{what}: waits, {wait}{tried}", ""


def _owed(story: Story, asked: str | None) -> list[tuple[str, str]]:
    """What differs, and whether the CRM will be told."""
    from producers.cli.rulebook import said_of

    card = story.card
    assert card is not None
    unsent, lines = story.unsent, []
    for name, value in card.fields.items():
        agreed = card.agreed.get(name)
        if value == agreed or not matches(name, asked):
            continue
        differs = f"{name} is {text(value)} here, {text(agreed)} agreed"
        if name in unsent:
            lines.append((f"{differs}: the CRM will be told", ""))
        elif name in card.refused:
            lines.append(
                (f"{differs}: the CRM left it out, `rollbook dropped` says more", "yellow")
            )
        elif not card.gone:
            lines.append((f"{differs}: stays so. {said_of(card.policy.rule(name))}", ""))
    for tag, (want, has) in story.tags.items():
        if has is not want and matches(f"tag:{tag}", asked):
            lines.append(
                (f"tag {tag}: the CRM will be told to {'add' if want else 'remove'} it", "")
            )
    for id, body in story.notes.items():
        if matches(f"note:{id}", asked):
            lines.append((f"note {id} will be written: {body}", ""))
    return lines
