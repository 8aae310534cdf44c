"""The rules of each location, as its people wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import delete, select

from contacts.rule_words import Anything, Reading
from contacts.rules import Rule
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import contacts, rule_states
from contacts.store.tables import rulesets as table

CACHED: Final = 64
"""Rulesets that a process keeps ready: to read one anew takes some 0.1 ms a rule."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The rules of one location.

    Attributes:
        existing: names of those that also fire for what was true before they were there.
        unreadable: names of those that this version does not understand: somebody went back to an
            older one. They rest.
        kept_at: when they were last loaded, seconds since the epoch.
    """

    rules: tuple[Rule, ...]
    existing: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()
    kept_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What loading a file changed: names of rules."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    same: tuple[str, ...]


def of(tx: Tx, location: str) -> Ruleset | None:
    """The rules of a location; None: it has none."""
    query = select(table.c.rules, table.c.kept_at).where(table.c.location == location)
    row = tx.execute(query).first()
    return None if row is None else replace(_compiled(row.rules), kept_at=row.kept_at)


def written(tx: Tx, location: str) -> list[dict[str, Any]]:
    """The rules as they were written, with ``since`` and ``existing``."""
    query = select(table.c.rules).where(table.c.location == location)
    return list(orjson.loads(tx.execute(query).scalar_one_or_none() or "[]"))


def watched(tx: Tx, location: str) -> bool:
    """Whether the location has rules."""
    query = select(table.c.location).where(table.c.location == location)
    return tx.execute(query).first() is not None


@lru_cache(maxsize=CACHED)
def _compiled(text: str) -> Ruleset:
    entries = orjson.loads(text)
    rules, unreadable = [], []
    for entry in entries:
        found = Reading(Anything()).rule(entry["rule"], since=entry["since"])
        if found is None:
            unreadable.append(str(entry["rule"].get("name")))
        else:
            rules.append(found)
    existing = frozenset(one["rule"]["name"] for one in entries if one["existing"])
    return Ruleset(tuple(rules), existing, tuple(unreadable))


def keep(
    tx: Tx,
    location: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    now: float,
    fire_existing: bool = False,
) -> Kept:
    """Let these rules hold for the location from now on, and no others.

    A rule that is as it was goes on as it was. One that is new, or other than before, hears events
    from now on.

    Args:
        rules: as ``tomllib`` gives them, checked.
        fire_existing: they also fire for what is true already, see ``worker.rules``.
    """
    before = {one["rule"]["name"]: one for one in written(tx, location)}
    entries = []
    for rule in rules:
        name = " ".join(rule["name"].split())
        old = before.get(name)
        same = old is not None and old["rule"] == {**rule, "name": name}
        since = old["since"] if same and old is not None else now
        existing = fire_existing or (same and old is not None and old["existing"])
        entries.append({"rule": {**rule, "name": name}, "since": since, "existing": existing})
    if not before:
        # What was noted while it had rules once is older than anything that is known of now.
        _forget_states(tx, location)
    _write(tx, location, entries, now)
    return _kept(before, entries)


def _kept(before: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Kept:
    names = [one["rule"]["name"] for one in entries]
    same = {one["rule"]["name"] for one in entries if _is_same(before, one)}
    return Kept(
        new=tuple(name for name in names if name not in before),
        changed=tuple(name for name in names if name in before and name not in same),
        gone=tuple(name for name in before if name not in names),
        same=tuple(name for name in names if name in same),
    )


def _is_same(before: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    old = before.get(entry["rule"]["name"])
    return old is not None and bool(old["rule"] == entry["rule"])


def _write(tx: Tx, location: str, entries: Sequence[Mapping[str, Any]], now: float) -> None:
    if not entries:
        tx.execute(delete(table).where(table.c.location == location))
        return
    values = {"rules": orjson.dumps(entries).decode(), "kept_at": now}
    statement = insert(tx, table).values(location=location, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["location"], set_=values))


def _forget_states(tx: Tx, location: str) -> None:
    here = select(contacts.c.id).where(contacts.c.location == location)
    tx.execute(delete(rule_states).where(rule_states.c.contact.in_(here)))
