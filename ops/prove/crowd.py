"""Who is who, in truth: every email names its owner, so that a wrong pair is seen at once.

``p17.2@example.org`` is an email of person 17, and ``P17`` the first name. What is judged here
shares nothing with the code that is proved but the two tables it looks at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from contacts.contact import Person
from contacts.store import matching
from contacts.store.database import Tx
from contacts.store.tables import contacts as ours_table
from contacts.store.tables import jobs, links, timeline
from ops.prove.school import HERE, School
from ops.simulator.world import Contact


def owner(email: str) -> int:
    """The person of an email."""
    return int(email.partition(".")[0].removeprefix("p"))


@dataclass(slots=True)
class Crowd:
    """What is known of everybody, to judge by.

    Attributes:
        ours, theirs: which persons a contact of ours, or of the CRM, is; more than one where
            people merged them.
        phones: whose a phone is that somebody without an email has.
        given_up: emails that the platform itself replaced by others.
        said: what the platform last called a contact of ours.
        removed: emails that a contact of the CRM lost by a call of ours.
        remotes: who a contact of ours was last linked to.
        wrong: pairs that were counted already.
    """

    school: School
    counts: Counter[str] = field(default_factory=Counter)
    ours: dict[int, set[int]] = field(default_factory=dict)
    theirs: dict[str, set[int]] = field(default_factory=dict)
    phones: dict[str, int] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    said: dict[int, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    remotes: dict[int, str] = field(default_factory=dict)
    wrong: set[tuple[object, object]] = field(default_factory=set)

    # ------------------------------------------------------------ what happens in the CRM

    def touched(self, old: Contact | None, new: Contact, ours: bool) -> None:
        """A contact there changed: by a call of ours, nobody may lose an email or be doubled."""
        if not ours or new.deleted:
            return
        before = set(old.names("email")) if old is not None else set()
        self.removed += sorted(before - set(new.names("email")))
        if old is None:
            self.theirs[new.id] = self._owners(new)
            self.counts["contacts made by us"] += 1
        self.counts["duplicate contacts"] += self._is_double(old, new)

    def _owners(self, one: Contact) -> set[int]:
        named = {owner(email) for email in one.names("email")}
        return named or {self.phones[phone] for phone in one.names("phone")}

    def _is_double(self, old: Contact | None, new: Contact) -> bool:
        """Whether a call of ours made it the second one with its email, or its only phone."""
        email = new.values.get("email")
        name, value = ("email", email) if email else ("phone", new.values.get("phone"))
        if not value or (old is not None and old.values.get(name) == value):
            return False
        holders = self.school.world.books[HERE].holders(name, str(value))
        return any(one.id != new.id for one in holders)

    # ------------------------------------------------------------ what must be so at any time

    def look(self) -> None:
        """Compare all pairs, and all that is written on either side, with the truth."""
        query = select(links.c.contact, links.c.remote_id)
        with self.school.store.read() as tx:
            pairs = {row.contact: row.remote_id for row in tx.execute(query)}
            people = {row.id: row.email for row in tx.execute(select(ours_table))}
        for contact, remote in pairs.items():
            self._pair(contact, remote)
        for contact, email in people.items():
            if email and contact in self.ours:
                self._must(owner(email) in self.ours[contact], contact, email)
        for remote, persons in self.theirs.items():
            found = self.school.world.find(remote)
            if found is not None:
                for email in found.names("email"):
                    self._must(owner(email) in persons, remote, email)

    def _pair(self, contact: int, remote: str) -> None:
        there = self.theirs[remote]
        mine = self.ours.setdefault(contact, set(there))
        self._must(bool(mine & there), contact, remote)
        mine |= there
        before = self.remotes.get(contact)
        if before not in (None, remote):
            old = self.school.world.find(str(before))
            self.counts["pairs broken"] += old is not None and not old.deleted
            self.counts["linked anew"] += 1
        self.remotes[contact] = remote

    def _must(self, holds: bool, one: object, other: object) -> None:
        if not holds and (one, other) not in self.wrong:
            self.wrong.add((one, other))
            self.counts["wrong merges"] += 1

    # ------------------------------------------------------------ what must be so at the end

    def judge(self) -> None:
        """When nothing is on its way any more."""
        self.look()
        kept = self._kept()
        everywhere = {
            email
            for one in self.school.world.books[HERE].contacts.values()
            if not one.deleted
            for email in one.names("email")
        }
        lost = set(self.removed) - self.given_up - kept - everywhere
        self.counts["lost emails"] += len(lost)
        self.counts["contacts that differ at the end"] += sum(self._differing())
        self.counts["emails of the platform that mean nobody"] += self._forgotten()

    def _kept(self) -> set[str]:
        """Emails in the timeline: they lost against another, and a person can see that."""
        with self.school.store.read() as tx:
            return {email for _, email in self._conflicts(tx)}

    def _conflicts(self, tx: Tx, by: str | None = None) -> Iterator[tuple[Any, str]]:
        """Emails that did not get through: (row of the timeline, email)."""
        query = select(timeline).where(timeline.c.what == "conflict")
        for row in tx.execute(query):
            if "email" in row.changes and by in (None, row.changes["email"][3]):
                yield row, str(row.changes["email"][0])

    def _differing(self) -> Iterable[bool]:
        parked = select(jobs.c.contact).where(jobs.c.state == "parked")
        query = (
            select(ours_table.c.id, ours_table.c.fields, links.c.remote_id)
            .select_from(ours_table.join(links, links.c.contact == ours_table.c.id))
            .where(ours_table.c.id.not_in(parked))
        )
        with self.school.store.read() as tx:
            rows = tx.execute(query).all()
            apart = {(row.contact, email) for row, email in self._conflicts(tx, "taken")}
        for row in rows:
            there = self.school.world.find(row.remote_id)
            if there is not None and not there.deleted:
                yield row.fields.get("city") != there.values.get("city")
                # Two of ours whom people merged there: the other one has, or had, that email here.
                email = there.values.get("email")
                yield row.fields.get("email") != email and (row.id, email) not in apart

    def _forgotten(self) -> int:
        """Emails by which the platform knows somebody, and by which we do not."""
        people = {contact: Person({"email": email}) for contact, email in self.said.items()}
        with self.school.store.read() as tx:
            known = matching.load(tx, HERE, list(people.values()))
        found = {contact: known.who(person)[0] for contact, person in people.items()}
        return sum(
            1
            for contact, entry in found.items()
            if entry is None or not self.ours.get(contact, set()) & self.ours.get(entry.id, set())
        )
