"""What a source says of the tags and notes of its people, and what of it is new.

Tags are rows, so that deltas unite; notes are rows known by a fingerprint of their text, so that
one text is one note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_, select

from contacts.contact import Person, fingerprint
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.matching import chunks
from contacts.store.tables import notes, tags
from contacts.store.timeline import NOTE, TAG, Change, excerpt

Pairs = Sequence[tuple[int, Person]]
"""Our id of a contact, and what was said of it."""

Moves = dict[int, dict[str, Change]]
"""What changed, by contact; see :mod:`contacts.store.timeline`."""


def write_tags(tx: Tx, people: Pairs, *, old: Collection[int], news: bool) -> Moves:
    """Want tags, or do not want them any more.

    Args:
        old: the contacts that were here before: the others can have no tag yet.
        news: it is an edit whatever was said before.
    """
    wanted: dict[tuple[int, str], bool] = {}
    for contact, person in people:
        wanted |= {(contact, tag): True for tag in person.add_tags}
        wanted |= {(contact, tag): False for tag in person.remove_tags}
    if not wanted:
        return {}
    moves = _moved_tags(tx, wanted, old, news=news)
    statement = insert(tx, tags)
    want = statement.excluded.wanted
    edit = or_(tags.c.said.is_(None), tags.c.said != want)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["contact", "tag"],
            set_={"wanted": want, "said": want},
            where=or_(edit, tags.c.wanted != want) if news else edit,
        ),
        [
            {"contact": contact, "tag": tag, "wanted": want, "said": want}
            for (contact, tag), want in sorted(wanted.items())
        ],
    )
    return moves


def _moved_tags(
    tx: Tx, wanted: dict[tuple[int, str], bool], old: Collection[int], *, news: bool
) -> Moves:
    """Which of these wishes change something: the same question as the statement's."""
    known: dict[tuple[int, str], tuple[bool, bool | None]] = {}
    for part in chunks(sorted({contact for contact, _ in wanted} & set(old))):
        query = select(tags).where(tags.c.contact.in_(part))
        known |= {(row.contact, row.tag): (row.wanted, row.said) for row in tx.execute(query)}
    moves: Moves = defaultdict(dict)
    for (contact, tag), want in wanted.items():
        before, said = known.get((contact, tag), (None, None))
        if before is not want and (news or said is not want):
            moves[contact][f"{TAG}{tag}"] = (before, want)
    return moves


def write_notes(
    tx: Tx, people: Pairs, *, old: Collection[int]
) -> tuple[dict[tuple[int, str], int], Moves]:
    """Make notes known.

    Returns:
        the id of each that the CRM lacks, by contact and mark; and those that are new here.
    """
    rows = {
        (contact, fingerprint(body)): body for contact, person in people for body in person.notes
    }
    if not rows:
        return {}, {}
    contacts = sorted({contact for contact, _ in rows})
    known = set(_notes(tx, sorted(set(contacts) & set(old))))
    tx.execute(
        insert(tx, notes).on_conflict_do_nothing(index_elements=["contact", "fingerprint"]),
        [{"contact": c, "fingerprint": mark, "body": body} for (c, mark), body in rows.items()],
    )
    lacking = _notes(tx, contacts, notes.c.remote_id.is_(None))
    moves: Moves = defaultdict(dict)
    for key, body in rows.items():
        if key not in known and key in lacking:
            moves[key[0]][f"{NOTE}{lacking[key]}"] = (None, excerpt(body))
    return lacking, moves


def _notes(tx: Tx, contacts: Sequence[int], *conditions: Any) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for part in chunks(contacts):
        query = select(notes.c.contact, notes.c.fingerprint, notes.c.id).where(
            notes.c.contact.in_(part), *conditions
        )
        found |= {(row.contact, row.fingerprint): row.id for row in tx.execute(query)}
    return found
