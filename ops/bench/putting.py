"""Made-up people and their jobs, put straight into the ledger as every door does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contacts.contact import Person
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger, roster
from contacts.store.database import Store

BATCH: Final = 100
"""Contacts of one transaction, as a backfill puts them."""

TAG: Final = "measured"


def people(
    number: int, name: str, *, batch: int = BATCH, tagged: bool = True
) -> Iterator[list[Person]]:
    """So many people who are known by ``name``, each with one tag or none, in batches."""
    for start in range(0, number, batch):
        yield [
            Person(
                {"email": f"{name}{n:06}@example.org", "first_name": name.title()},
                add_tags=frozenset({TAG} if tagged else ()),
            )
            for n in range(start, min(number, start + batch))
        ]


def put(
    store: Store, location: str, batch: Sequence[Person], lane: Lane, kinds: Sequence[Kind]
) -> list[int]:
    """Contacts and a job of each kind for each, in one transaction.

    Returns:
        our ids of the contacts.
    """
    now = store.clock()
    with store.write() as tx:
        contacts = [one.contact for one in roster.upsert(tx, location, batch, now=now)]
        wishes = [
            Wish(kind, location, contact, lane=lane) for contact in contacts for kind in kinds
        ]
        ledger.put(tx, wishes, now=now)
    return contacts
