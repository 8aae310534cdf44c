"""Who was on a page of a walk, and what it found that must not be done to too many unasked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from contacts.drift import Grave
from contacts.jobs import Kind
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import walk_findings, walk_seen


def see(tx: Tx, run: int, remote_ids: Collection[str]) -> frozenset[str]:
    """Note who was on a page; returns those who were on none before."""
    if not remote_ids:
        return frozenset()
    statement = insert(tx, walk_seen).on_conflict_do_nothing()
    rows = [{"run": run, "remote_id": id} for id in sorted(remote_ids)]
    return frozenset(tx.execute(statement.returning(walk_seen.c.remote_id), rows).scalars())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is done only if it is not done to too many.

    Attributes:
        kind: of the job: a look, a push, or tags.
        remote_id: the CRM's id, for a look.
    """

    kind: Kind
    contact: int
    what: Grave
    remote_id: str | None = None


def find(tx: Tx, run: int, found: Sequence[Finding]) -> None:
    """Keep findings; each once."""
    if found:
        statement = insert(tx, walk_findings).on_conflict_do_nothing()
        tx.execute(
            statement,
            [
                {
                    "run": run,
                    "kind": one.kind.value,
                    "contact": one.contact,
                    "what": one.what.value,
                    "remote_id": one.remote_id,
                }
                for one in found
            ],
        )


def findings(tx: Tx, run: int, limit: int) -> list[Finding]:
    """The next ones."""
    query = (
        select(walk_findings)
        .where(walk_findings.c.run == run)
        .order_by(walk_findings.c.kind, walk_findings.c.contact)
        .limit(limit)
    )
    return [
        Finding(Kind(row.kind), row.contact, Grave(row.what), row.remote_id)
        for row in tx.execute(query)
    ]


def settle(tx: Tx, run: int, found: Sequence[Finding]) -> None:
    """These were put."""
    for kind in {one.kind for one in found}:
        contacts = [one.contact for one in found if one.kind is kind]
        tx.execute(
            delete(walk_findings).where(
                walk_findings.c.run == run,
                walk_findings.c.kind == kind.value,
                walk_findings.c.contact.in_(contacts),
            )
        )


def tally(tx: Tx, run: int) -> tuple[int, dict[str, int]]:
    """How many contacts the findings are about, and how many of each kind there are."""
    each = (
        select(walk_findings.c.what, func.count(func.distinct(walk_findings.c.contact)))
        .where(walk_findings.c.run == run)
        .group_by(walk_findings.c.what)
    )
    all_of = select(func.count(func.distinct(walk_findings.c.contact))).where(
        walk_findings.c.run == run
    )
    by_what = {what: int(n) for what, n in tx.execute(each)}
    return int(tx.execute(all_of).scalar_one()), by_what


def forget(tx: Tx, run: int, *, seen: int | None = None) -> bool:
    """Forget what was found, and who was seen.

    Args:
        seen: so many at most; all.

    Returns:
        whether some may be left.
    """
    tx.execute(delete(walk_findings).where(walk_findings.c.run == run))
    if seen is None:
        tx.execute(delete(walk_seen).where(walk_seen.c.run == run))
        return False
    some = (
        select(walk_seen.c.remote_id)
        .where(walk_seen.c.run == run)
        .order_by(walk_seen.c.remote_id)
        .limit(seen)
    )
    done = tx.execute(
        delete(walk_seen).where(walk_seen.c.run == run, walk_seen.c.remote_id.in_(some))
    )
    return int(done.rowcount) == seen
