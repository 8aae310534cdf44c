"""Which tag jobs can be done by one call: those whose contacts are owed the same next change.

The number is written down with the job, for the index. It is a hint: tags change after it, by an
answer of the CRM too, so whoever takes jobs together by it looks at what each contact is owed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, or_, select

from contacts.delta import first
from contacts.store.database import Tx
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import tags

TAG_OWED: Final = or_(tags.c.agreed.is_(None), tags.c.agreed != tags.c.wanted)
"""A tag of which the CRM does not know yet that we want it, or do not want it any more."""

_SOME: Final[Any] = bindparam("b_contacts", expanding=True)
_OWED: Final = Prepared(
    select(tags.c.contact, tags.c.tag, tags.c.wanted).where(tags.c.contact.in_(_SOME), TAG_OWED)
)


def owed(tx: Tx, contacts: Collection[int]) -> Mapping[int, tuple[frozenset[str], frozenset[str]]]:
    """The tags that the CRM has to add and to remove, by contact; without those owed nothing."""
    found: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for part in chunks(sorted(contacts)):
        for row in _OWED.all(tx, {"b_contacts": part}):
            found[row.contact][0 if row.wanted else 1].add(row.tag)
    return {contact: (frozenset(add), frozenset(off)) for contact, (add, off) in found.items()}


def marks(tx: Tx, contacts: Collection[int]) -> dict[int, int]:
    """The number of each contact's next change; without those owed nothing."""
    found = {contact: first(add, off) for contact, (add, off) in owed(tx, contacts).items()}
    return {contact: delta.mark for contact, delta in found.items() if delta is not None}
