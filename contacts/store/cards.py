"""What a deed reads of a contact, and what it leaves behind: agreed fields and tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Final

from sqlalchemy import bindparam, select, update

from contacts import delta
from contacts.cleaning import Value
from contacts.delta import Delta
from contacts.errors import GiveUp
from contacts.policy import TABLE, Policy, from_json
from contacts.store import alike
from contacts.store.database import Tx
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import contacts as table
from contacts.store.tables import links, policies, rulesets, tags


@dataclass(frozen=True, slots=True)
class Card:
    """One contact as ``contact.push`` needs it.

    Attributes:
        fields: ours.
        agreed: what both sides held when last compared.
        refused: fingerprint of a value that the CRM silently dropped, by field.
        remote_id: the CRM's id; None: not linked.
        changed_at: when a source last changed ours, seconds since the epoch.
        moved_at: the same by field; one that is absent: not since the contact was made.
        said: what a source last said of a field that the CRM has changed since; None: nothing.
        unanswered: values that were sent without an answer, by field.
        gone: it was deleted in the CRM, and nothing is sent for it any more.
        policy: who decides over the fields of its location.
        watched: the location has rules, which look at what changes.
    """

    fields: dict[str, Value]
    agreed: dict[str, Value]
    refused: dict[str, str]
    remote_id: str | None
    changed_at: float
    gone: bool
    moved_at: dict[str, float] = dataclass_field(default_factory=dict)
    said: dict[str, Value | None] = dataclass_field(default_factory=dict)
    unanswered: dict[str, list[Value]] = dataclass_field(default_factory=dict)
    policy: Policy = TABLE
    watched: bool = False

    @property
    def email(self) -> str | None:
        """Our email address of the person."""
        return str(self.fields["email"]) if self.fields.get("email") else None

    @property
    def phone(self) -> str | None:
        """Our phone number of the person, E.164."""
        return str(self.fields["phone"]) if self.fields.get("phone") else None


# Built once: that costs more than the read itself, and more than to ask about rules with it.
_CARD: Final = Prepared(
    select(
        table.c.fields,
        table.c.changed_at,
        table.c.gone_at,
        table.c.moved_at,
        table.c.said,
        links.c.agreed,
        links.c.refused,
        links.c.unanswered,
        links.c.remote_id,
        policies.c.rules,
        rulesets.c.location.label("watched"),
    )
    .select_from(
        table.outerjoin(links, links.c.contact == table.c.id)
        .outerjoin(policies, policies.c.location == table.c.location)
        .outerjoin(rulesets, rulesets.c.location == table.c.location)
    )
    .where(table.c.id == bindparam("b_contact"))
)


def load(tx: Tx, contact: int) -> Card:
    """Read a contact and its link.

    Raises:
        GiveUp: there is no such contact.
    """
    row = _CARD.first(tx, {"b_contact": contact})
    if row is None:
        raise GiveUp("the contact is not in the roster any more", code="contact-unknown")
    return Card(
        fields=dict(row.fields),
        agreed=dict(row.agreed or {}),
        refused=dict(row.refused or {}),
        remote_id=row.remote_id,
        changed_at=row.changed_at,
        gone=row.gone_at is not None,
        moved_at=dict(row.moved_at),
        said=dict(row.said),
        unanswered=dict(row.unanswered or {}),
        policy=from_json(row.rules),
        watched=row.watched is not None,
    )


def settle(
    tx: Tx,
    contact: int,
    *,
    location: str,
    remote_id: str,
    agreed: Mapping[str, Value],
    refused: Mapping[str, str],
    now: float,
    linked: str | None = None,
) -> None:
    """Keep what is agreed, and which contact of the CRM it is. What was not answered is known now.

    Args:
        linked: which one it is so far, as the card of the same transaction says; None: none.

    Raises:
        GiveUp: another contact of ours is linked to that one.
    """
    values = {
        "b_contact": contact,
        "b_location": location,
        "b_remote": remote_id,
        "b_agreed": dict(agreed),
        "b_refused": dict(refused),
        "b_unanswered": {},
        "b_now": now,
    }
    if linked == remote_id and _SAME.count(tx, values):
        return
    owner = _OWNER.first(tx, values)
    if owner is not None and owner.contact != contact:
        raise GiveUp(
            "the CRM takes this contact for the same person as our contact "
            f"{owner.contact}: their email and phone overlap; correct one of them in the source",
            code="link-taken",
        )
    if not _MOVED.count(tx, values):
        _LINK.count(tx, values)


_KEPT: Final = {
    "remote_id": bindparam("b_remote"),
    "agreed": bindparam("b_agreed", type_=links.c.agreed.type),
    "refused": bindparam("b_refused", type_=links.c.refused.type),
    "unanswered": bindparam("b_unanswered", type_=links.c.unanswered.type),
    "settled_at": bindparam("b_now"),
}
_OF_CONTACT: Final = update(links).where(links.c.contact == bindparam("b_contact")).values(_KEPT)
_MOVED: Final = Prepared(_OF_CONTACT)
_SAME: Final = Prepared(_OF_CONTACT.where(links.c.remote_id == bindparam("b_remote")))
_OWNER: Final = Prepared(
    select(links.c.contact).where(
        links.c.location == bindparam("b_location"), links.c.remote_id == bindparam("b_remote")
    )
)
_LINK: Final = Prepared(
    links.insert().values(
        {"contact": bindparam("b_contact"), "location": bindparam("b_location"), **_KEPT}
    )
)


def doubt(tx: Tx, contact: int, sent: Mapping[str, Value]) -> None:
    """Remember what was sent without an answer: if the CRM holds it, it was us."""
    query = select(links.c.unanswered).where(links.c.contact == contact).with_for_update()
    found = tx.execute(query).scalar_one_or_none()
    if found is not None:
        after = {**found, **{name: [*found.get(name, ()), value] for name, value in sent.items()}}
        tx.execute(update(links).where(links.c.contact == contact).values(unanswered=after))


def owe_again(tx: Tx, contact: int, *, field: str | None = None) -> None:
    """Forget that the CRM dropped a field of the contact, or all of them: they are owed again."""
    query = select(links.c.refused).where(links.c.contact == contact).with_for_update()
    refused = tx.execute(query).scalar_one_or_none() or {}
    left = {name: mark for name, mark in refused.items() if field not in (None, name)}
    tx.execute(update(links).where(links.c.contact == contact).values(refused=left))


@dataclass(frozen=True, slots=True)
class TagCard:
    """The tags that a contact is owed, and where; see :class:`Card`."""

    remote_id: str | None
    gone: bool
    owed_add: frozenset[str]
    owed_remove: frozenset[str]
    watched: bool = False

    def change(self) -> Delta | None:
        """What the CRM has to be told of next; None: nothing.

        Raises:
            GiveUp: the contact is not in the CRM.
        """
        change = None if self.gone else delta.first(self.owed_add, self.owed_remove)
        if change is not None and self.remote_id is None:
            raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
        return change


_TAG_CARDS: Final = Prepared(
    select(table.c.id, links.c.remote_id, table.c.gone_at, rulesets.c.location.label("watched"))
    .select_from(
        table.outerjoin(links, links.c.contact == table.c.id).outerjoin(
            rulesets, rulesets.c.location == table.c.location
        )
    )
    .where(table.c.id.in_(bindparam("b_contacts", expanding=True)))
)
_NONE: Final = (frozenset[str](), frozenset[str]())


def load_newborn_tags(tx: Tx, contact: int) -> frozenset[str]:
    """The tags that a contact has here and the CRM does not know of."""
    return alike.owed(tx, [contact]).get(contact, _NONE)[0]


def load_tags(tx: Tx, contact: int) -> TagCard:
    """Read which tags the CRM has to be told."""
    return load_tags_of(tx, [contact]).get(contact) or TagCard(None, False, *_NONE)


def load_tags_of(tx: Tx, contacts: Collection[int]) -> dict[int, TagCard]:
    """The same of many; without those that are in no roster."""
    owed = alike.owed(tx, contacts)
    found = {}
    for part in chunks(sorted(contacts)):
        for row in _TAG_CARDS.all(tx, {"b_contacts": part}):
            add, remove = owed.get(row.id, _NONE)
            gone, watched = row.gone_at is not None, row.watched is not None
            found[row.id] = TagCard(row.remote_id, gone, add, remove, watched)
    return found


def doubt_tags(tx: Tx, contacts: Collection[int], sent: Collection[str]) -> None:
    """Whether the CRM has these is not known: they were sent without an answer.

    So they are told again, also where the platform changes its mind before: what we put on
    ourselves would otherwise be taken for somebody's edit.
    """
    for part in chunks(sorted(contacts)):
        sent_to = tags.c.contact.in_(part), tags.c.tag.in_(sorted(sent))
        tx.execute(update(tags).where(*sent_to).values(agreed=None))
