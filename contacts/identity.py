"""Is a contact of the CRM the person that we mean? Pure.

A person is known by the email; by the phone only while one side knows no email, for siblings and
spouses share phones (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from contacts.cleaning import Value

IDENTITY: Final = ("email", "phone")
"""The fields by which the CRM finds a contact."""


def same(
    ours: Mapping[str, Value], theirs: Mapping[str, Value], also: Collection[str] = ()
) -> bool:
    """Whether both are one person.

    Args:
        ours, theirs: cleaned, by our field names.
        also: emails and phones that theirs has beside its first ones.
    """
    mine, first = ours.get("email"), theirs.get("email")
    if mine and (mine == first or mine in also):
        return True
    if mine and first:
        return False
    phone = ours.get("phone")
    return bool(phone) and (phone == theirs.get("phone") or phone in also)


def contradicts(
    ours: Mapping[str, Value], theirs: Mapping[str, Value], also: Collection[str] = ()
) -> bool:
    """Whether theirs is certainly somebody else: it has an email, and ours is none of its."""
    mine, first = ours.get("email"), theirs.get("email")
    return bool(mine and first) and not same(ours, theirs, also)


def aliases(ours: Mapping[str, Value], also: Collection[str]) -> dict[str, Value]:
    """Our email and phone, as far as the CRM's contact has them beside its first ones.

    They are the same person's. Told again they would take the place of the first one, which the
    CRM then forgets.
    """
    return {name: ours[name] for name in IDENTITY if name in ours and ours[name] in also}
