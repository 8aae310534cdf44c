"""The demonstration's second act: people change things on both sides, and the sides must meet.

Staff edit contacts in the CRM's stand-in while the next day's export brings the school's own
changes. Then both are asked, the CRM from its own side and our roster, and must say the same.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from contacts.store import ledger_view, roster_view, tables, timeline
from contacts.store.database import Store
from ops import students
from ops.simulator.control import Control

LEVEL: Final = "cfLevel00000000000001"
"""The custom field "Level" of ``ops.judge.location``."""

NEWCOMER: Final = "newcomer@example.org"
WALK_IN: Final = "walk.in@example.org"
SECOND_COURSE: Final = "Beekeeping"
STAFF_NOTE: Final = "Rang: will pay by invoice"


@dataclass(frozen=True, slots=True)
class Sides:
    """One person as both sides have them; empty: not there.

    Attributes:
        there: what the stand-in holds, with ``tags`` and ``notes``.
        here: our values by our field names, ``tags``, ``notes``, ``story`` (every value that the
            timeline tells of) and ``gone`` (deleted in the CRM).
    """

    there: Mapping[str, Any] = field(repr=False)
    here: Mapping[str, Any] = field(repr=False)

    def custom(self, id: str) -> str | None:
        """A custom field as the stand-in holds it."""
        fields = self.there.get("customFields", ())
        return next((one["value"] for one in fields if one["id"] == id), None)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the act.

    Attributes:
        who: the email by which both sides are asked.
        there: what people do in the CRM: properties of ``Control.seed``; tags are added ones.
        here: what the next export says: columns of the row.
        met: whether both sides are as they should be now.
    """

    what: str
    who: str
    met: Callable[[Sides], bool] = field(repr=False)
    there: Mapping[str, Any] | None = None
    here: Mapping[str, str] | None = None
    deleted: bool = False


def changes(number: Callable[[int], str]) -> list[Change]:
    """What people do.

    Args:
        number: the email of the export's n-th student.
    """
    return [
        Change(
            "a website is set in the CRM",
            number(10),
            lambda s: s.here["website"] == s.there["website"] == "https://ada.example.org",
            there={"values": {"website": "https://ada.example.org"}},
        ),
        Change(
            "a level changes in the export",
            number(11),
            lambda s: s.here["custom.level"] == s.custom(LEVEL) == "expert",
            here={"Level": "expert"},
        ),
        Change(
            "both change the same student, different fields",
            number(12),
            lambda s: (
                s.here["city"] == s.there["city"] == "Lisbon"
                and s.here["custom.level"] == s.custom(LEVEL) == "expert"
            ),
            there={"values": {"city": "Lisbon"}},
            here={"Level": "expert"},
        ),
        Change(
            "both change the same field: the newer stays, the other is in the story",
            number(13),
            lambda s: (
                s.here["custom.level"] == s.custom(LEVEL) == "expert"
                and "sceptic" in s.here["story"]
            ),
            there={"custom": {LEVEL: "sceptic"}},
            here={"Level": "expert"},
        ),
        Change(
            "a tag is added in the CRM, a course in the export",
            number(14),
            lambda s: (
                {"vip", f"course: {SECOND_COURSE}".lower()} <= set(s.there["tags"])
                and "vip" in s.here["tags"]
            ),
            there={"tags": ["vip"]},
            here={"Course": SECOND_COURSE},
        ),
        Change(
            "staff write a note in the CRM",
            number(15),
            lambda s: STAFF_NOTE in s.here["notes"] and len(s.there["notes"]) == 2,
            there={"notes": [STAFF_NOTE]},
        ),
        Change(
            "a contact is deleted in the CRM: marked here, not sent again",
            number(16),
            lambda s: not s.there and s.here["gone"],
            here={"Level": "expert"},
            deleted=True,
        ),
        Change(
            "a student is new in the export",
            NEWCOMER,
            lambda s: s.there["firstName"].casefold() == "nadia",
            here={"Name": "Nadia Newcomer", "Email": NEWCOMER, "Phone": "+1 202 555 0199"},
        ),
        Change(
            "a contact is new in the CRM",
            WALK_IN,
            lambda s: s.here["first_name"] == "Walter",
            there={"values": {"firstName": "Walter", "lastName": "Waters", "email": WALK_IN}},
        ),
    ]


def write_next_export(old: Path, new: Path, acts: list[Change]) -> None:
    """The export of the next day: the rows of the old one with the school's changes."""
    said = {act.who: act.here for act in acts if act.here}
    with old.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(said.pop(row["Email"], {}))
    empty = dict.fromkeys(students.HEADER, "")
    rows += [empty | {"Country": "US"} | dict(columns) for columns in said.values()]
    with new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, students.HEADER)
        writer.writeheader()
        writer.writerows(rows)


def act_in_the_crm(crm: Control, location: str, acts: list[Change]) -> None:
    """What staff do there, each a change with its webhook."""
    people = {one.get("email"): one for one in crm.contacts(location)}
    for act in acts:
        known = people.get(act.who, {})
        if act.there is not None:
            seed = {name: known[name] for name in ("id",) if known} | dict(act.there)
            if "tags" in seed:
                seed["tags"] = [*known.get("tags", ()), *seed["tags"]]
            crm.seed(location, seed)
        if act.deleted:
            crm.delete(location, [known["id"]])


def settled(crm: Control, store: Store) -> bool:
    """Whether every webhook has come and every job is done."""
    return crm.webhooks()["counts"]["under_way"] == 0 and not ledger_view.counts(store).open


def sides(crm: Control, store: Store, location: str, acts: list[Change]) -> dict[str, Sides]:
    """Everybody of the act, as both sides have them."""
    there = {one.get("email"): one for one in crm.contacts(location)}
    return {act.who: Sides(there.get(act.who, {}), _here(store, location, act.who)) for act in acts}


def met(act: Change, found: Sides) -> bool:
    """Whether both sides are as they should be; what is absent is not."""
    try:
        return bool(act.met(found))
    except KeyError:
        return False


def _here(store: Store, location: str, email: str) -> dict[str, Any]:
    id = roster_view.find(store, location, email=email)
    if id is None:
        return {}
    person, tags, notes = tables.contacts.c, tables.tags.c, tables.notes.c
    with store.read() as tx:
        row = tx.execute(select(person.fields, person.gone_at).where(person.id == id)).one()
        wanted = select(tags.tag).where(tags.contact == id, tags.wanted)
        bodies = select(notes.body).where(notes.contact == id)
        return {
            **row.fields,
            "tags": set(tx.execute(wanted).scalars()),
            "notes": list(tx.execute(bodies).scalars()),
            "story": [
                value
                for entry in timeline.of(tx, id)
                for change in entry.changes.values()
                for value in change
            ],
            "gone": row.gone_at is not None,
        }
