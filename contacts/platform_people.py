"""A row of a platform's feed, or one of its events, becomes a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from contacts import cleaning, templates
from contacts.cleaning import Value
from contacts.contact import Person, Problem, clean
from contacts.fields import Owner
from contacts.platforms import Platform
from contacts.policy import Policy


@dataclass(frozen=True, slots=True)
class Understood:
    """What a row says.

    Attributes:
        person: None: neither an email nor a phone that can be used.
        told: what the platform holds of the fields that it is told.
    """

    person: Person | None
    told: Mapping[str, Value]
    problems: tuple[Problem, ...]


def of_row(
    platform: Platform,
    cells: Mapping[str, str],
    *,
    country: str,
    policy: Policy,
    contact: int | None = None,
) -> Understood:
    """Read a row of the feed.

    A field that the CRM owns is not taken in: the platform's value of it is old, or to be put
    right. It only shows what the platform holds, and who a person is that we do not know yet.

    Args:
        contact: our id of who has the row's key; None: nobody yet.
    """
    cleaned = clean({name: cells.get(at, "") for name, at in platform.fields.items()}, country)
    told = {name: cleaned.fields.get(name, "") for name in platform.write_back}
    theirs = {name for name in cleaned.fields if policy.rule(name).owner is Owner.CRM}
    if contact is None:
        theirs.discard("email" if cleaned.fields.get("email") else "phone")
    fields = {name: value for name, value in cleaned.fields.items() if name not in theirs}
    if contact is None and not (fields.get("email") or fields.get("phone")):
        return Understood(None, told, cleaned.problems)
    feed = platform.feed
    tags = feed.tags if feed else ()
    notes = feed.notes if feed else ()
    person = Person(
        fields,
        add_tags=frozenset(cleaning.tag(text) for text in texts(tags, cells)),
        notes=tuple(texts(notes, cells)),
        contact=contact,
    )
    return Understood(person, told, cleaned.problems)


def texts(found: Iterable[str], values: Mapping[str, str]) -> Iterator[str]:
    """Texts with the values in them; one is left out where a value of it is blank."""
    for one in found:
        text = templates.parse(one).fill(lambda name: values.get(name, ""))
        if text is not None and text.strip():
            yield text.strip()
