"""Reading the facts of a contact that rules look at; and those from before a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, select

from contacts.cleaning import Value
from contacts.facts import Course, Facts, Happening, Stage
from contacts.fields import CUSTOM
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import (
    custom_fields,
    enrolments,
    links,
    lists,
    opportunities,
    platform_events,
    remotes,
    tags,
    webhooks,
)
from contacts.store.tables import rule_states as states

READ: Final = "read"
"""What is said of a webhook that told something: it was no echo, and led to a read."""


@dataclass(frozen=True, slots=True)
class State:
    """What was so when rules last looked, and which changes they wished for since.

    Attributes:
        ours: how deep in a chain of rules, by the mark of the change.
        at: since when, seconds since the epoch.
    """

    facts: Facts
    ours: Mapping[str, int]
    at: float


# Built once: to build them takes three times as long as to run them.
_THIS: Final[Any] = bindparam("b_contact")
_LINK: Final = select(links.c.location, links.c.remote_id, links.c.agreed).where(
    links.c.contact == _THIS
)
_TAGS: Final = select(tags.c.tag).where(tags.c.contact == _THIS, tags.c.agreed.is_(True))
_LISTS: Final = select(lists.c.list).where(lists.c.contact == _THIS, lists.c.wanted.is_(True))
_ENROLMENTS: Final = (
    select(enrolments.c.id, enrolments.c.course, enrolments.c.title)
    .where(enrolments.c.contact == _THIS, enrolments.c.settled_at.is_not(None))
    .order_by(enrolments.c.id)
)
_STAGES: Final = (
    select(opportunities.c.id, opportunities.c.pipeline, opportunities.c.stage)
    .select_from(opportunities.join(remotes, remotes.c.id == opportunities.c.remote))
    .where(
        remotes.c.location == bindparam("b_location"),
        remotes.c.remote_id == bindparam("b_remote"),
        opportunities.c.gone_at.is_(None),
    )
    .order_by(opportunities.c.id)
)


def of(tx: Tx, contact: int) -> Facts:
    """What both sides agree on now; without events."""
    this = {"b_contact": contact}
    link = tx.execute(_LINK, this).first()
    courses = {
        str(row.id): Course(row.course, row.title or "") for row in tx.execute(_ENROLMENTS, this)
    }
    return Facts(
        fields=dict(link.agreed) if link else {},
        tags=frozenset(tx.execute(_TAGS, this).scalars()),
        enrolments=courses,
        lists=frozenset(tx.execute(_LISTS, this).scalars()),
        stages=_stages(tx, link.location, link.remote_id) if link else {},
        there=link is not None,
    )


def _stages(tx: Tx, location: str, remote_id: str) -> dict[str, Stage]:
    found = tx.execute(_STAGES, {"b_location": location, "b_remote": remote_id})
    return {row.id: Stage(row.pipeline, row.stage) for row in found}


def linked(tx: Tx, contact: int) -> bool:
    """Whether the contact is in the CRM: of one that is not, nothing is agreed."""
    return tx.execute(select(links.c.contact).where(links.c.contact == contact)).first() is not None


def aliases(tx: Tx, location: str) -> dict[str, str]:
    """Both names of each custom field: the one by its key and the one by its id."""
    query = select(custom_fields.c.id, custom_fields.c.key).where(
        custom_fields.c.location == location
    )
    pairs = [(CUSTOM + row.id, CUSTOM + row.key) for row in tx.execute(query)]
    return dict(pairs) | {key: id for id, key in pairs}


def named(facts: Facts, other: Mapping[str, str], events: Iterable[Happening] = ()) -> Facts:
    """The facts with every custom field under both of its names, and with events."""
    fields: dict[str, Value] = dict(facts.fields)
    fields |= {other[name]: value for name, value in facts.fields.items() if name in other}
    return Facts(
        {**fields, **facts.fields},
        facts.tags,
        facts.enrolments,
        facts.lists,
        facts.stages,
        tuple(events),
        facts.there,
    )


def events(tx: Tx, contact: int, *, since: float) -> list[Happening]:
    """What happened to a contact since then, oldest first; our own echoes did not."""
    theirs = (
        select(webhooks.c.webhook, webhooks.c.type, webhooks.c.thing, webhooks.c.received_at)
        .select_from(
            webhooks.join(remotes, remotes.c.id == webhooks.c.remote).join(
                links,
                (links.c.location == remotes.c.location)
                & (links.c.remote_id == remotes.c.remote_id),
            )
        )
        .where(
            links.c.contact == contact,
            webhooks.c.received_at >= since,
            webhooks.c.outcome == READ,
        )
        .order_by(webhooks.c.id)
    )
    platform = (
        select(platform_events.c.event, platform_events.c.type, platform_events.c.received_at)
        .where(platform_events.c.contact == contact, platform_events.c.received_at >= since)
        .order_by(platform_events.c.id)
    )
    found = [Happening(row.webhook, _event(row), row.received_at) for row in tx.execute(theirs)]
    found += [Happening(row.event, row.type, row.received_at) for row in tx.execute(platform)]
    return sorted(found, key=lambda one: one.at)


def _event(row: Any) -> str:
    return f"workflow:{row.thing or ''}" if row.type == "workflow" else str(row.type)


# ---------------------------------------------------------------- before


def before(tx: Tx, contact: int) -> State | None:
    """What was so when rules last looked; None: what is so now, for nothing has changed since."""
    query = select(states.c.facts, states.c.ours, states.c.at).where(states.c.contact == contact)
    row = tx.execute(query).first()
    return None if row is None else State(_from_json(row.facts), row.ours, row.at)


def remember(tx: Tx, contact: int, facts: Facts, *, now: float) -> None:
    """Keep what is so before a change, unless an earlier change waits to be looked at already.

    The row is held until the transaction ends, so that nobody takes it away meanwhile.
    """
    statement = insert(tx, states).values(contact=contact, facts=_to_json(facts), ours={}, at=now)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["contact"], set_={"contact": statement.excluded.contact}
        )
    )


def looked(tx: Tx, contact: int, facts: Facts, ours: Mapping[str, int], *, now: float) -> bool:
    """Rules have looked at these facts. Where they are still so, nothing need be kept.

    Returns:
        whether they are still so.
    """
    values = {"facts": _to_json(facts), "ours": dict(ours), "at": now}
    statement = insert(tx, states).values(contact=contact, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["contact"], set_=values))
    same = of(tx, contact) == facts
    if same and not ours:
        tx.execute(delete(states).where(states.c.contact == contact))
    return same


def _to_json(facts: Facts) -> dict[str, Any]:
    """The facts with short names, and without what is empty."""
    kept = {
        "f": dict(facts.fields),
        "t": sorted(facts.tags),
        "e": {key: [one.id, one.title] for key, one in facts.enrolments.items()},
        "l": sorted(facts.lists),
        "s": {key: [one.pipeline, one.stage] for key, one in facts.stages.items()},
        "gone": not facts.there,
    }
    return {name: value for name, value in kept.items() if value}


def _from_json(kept: Mapping[str, Any]) -> Facts:
    return Facts(
        fields=kept.get("f", {}),
        tags=frozenset(kept.get("t", ())),
        enrolments={key: Course(*one) for key, one in kept.get("e", {}).items()},
        lists=frozenset(kept.get("l", ())),
        stages={key: Stage(*one) for key, one in kept.get("s", {}).items()},
        there=not kept.get("gone", False),
    )
