"""Who decides over the fields of each location, as its people have said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select

from contacts.fields import CUSTOM
from contacts.policy import Policy, from_json, to_json
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import policies as table


def of(tx: Tx, location: str) -> Policy:
    """The rules of a location; those of the table where its people said nothing."""
    query = select(table.c.rules).where(table.c.location == location)
    return from_json(tx.execute(query).scalar_one_or_none())


def of_all(tx: Tx) -> dict[str, Policy]:
    """The rules of every location that has its own."""
    rows = tx.execute(select(table.c.location, table.c.rules))
    return {row.location: from_json(row.rules) for row in rows}


def keep(tx: Tx, location: str, policy: Policy, *, now: float) -> bool:
    """Let these rules hold for the location from now on; returns whether that is a change.

    Which custom fields its sources bring is not a matter of rules: that stays known.
    """
    before = of(tx, location)
    policy = replace(policy, mapped=policy.mapped | before.mapped)
    if before == policy:
        return False
    _write(tx, location, policy, now=now)
    return True


def bring(tx: Tx, location: str, fields: Collection[str], *, now: float) -> None:
    """A source of the location brings these fields: the custom ones among them are synced for
    everybody, also for people of whom the source has not said a word in them yet."""
    before = of(tx, location)
    mapped = before.mapped | {name for name in fields if name.startswith(CUSTOM)}
    if mapped != before.mapped:
        _write(tx, location, replace(before, mapped=mapped), now=now)


def _write(tx: Tx, location: str, policy: Policy, *, now: float) -> None:
    values = {"rules": to_json(policy), "kept_at": now}
    statement = insert(tx, table).values(location=location, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["location"], set_=values))
