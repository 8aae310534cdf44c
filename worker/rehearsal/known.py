"""What pages of the CRM's contacts showed: a hundred contacts by one call.

A row is not a contact as a read shows it: it leaves fields out. What it leaves out is taken to be
as it was last agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from contacts.cleaning import Value
from contacts.fields import FIELDS

Raw = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Rows by id, email and phone. Held as JSON text: a tenth of the memory of what it says.

    Attributes:
        agreed: what was last agreed with the contact of that id; empty: it is not linked.
        whole: every page was read.
    """

    agreed: Callable[[str], Mapping[str, Value]]
    whole: bool = False
    _begun: bool = False
    _rows: dict[str, bytes] = field(default_factory=dict)
    _holders: dict[tuple[str, str], str] = field(default_factory=dict)

    def page(self, rows: Iterable[Raw], *, first: bool, last: bool) -> None:
        """Take a page in, whoever asked for it; from the first to the last they are the whole."""
        self._begun = self._begun or first
        for row in rows:
            self._row(row)
        self.whole = self.whole or (self._begun and last)

    def _row(self, raw: Raw) -> None:
        """A newer row of the same contact takes the place of the older."""
        id = raw.get("id")
        if not isinstance(id, str) or raw.get("deleted") is True:
            return
        self._rows[id] = orjson.dumps(raw)
        for name, values in _known_by(raw).items():
            for value in values:
                self._holders.setdefault((name, value), id)

    def contact(self, id: str) -> Raw | None:
        """As a read would show it; None: no row showed it."""
        row = self._rows.get(id)
        if row is None:
            return None
        raw: Raw = orjson.loads(row)
        agreed = self.agreed(id)
        for one in FIELDS:
            value = agreed.get(one.name)
            if value is None:
                continue
            if one.name in ("first_name", "last_name"):
                _with_case(raw, one.crm, str(value))
            elif not any(key in raw for key in _KEYS.get(one.crm, (one.crm,))):
                raw[one.crm] = value
        return raw

    def holder(self, name: str, value: str) -> Raw | None:
        """Who has this email or phone, also beside the first one; None: nobody."""
        id = self._holders.get((name, value.strip().lower()))
        return None if id is None else self.contact(id)


_KEYS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "contactName", "firstName", "firstNameRaw"),
    "address1": ("address1", "address"),
}


def _with_case(raw: Raw, name: str, agreed: str) -> None:
    """A name that the row shows in lower case alone is as it was agreed, if it is that name."""
    if f"{name}Raw" not in raw and str(raw.get(name) or "").lower() == agreed.lower():
        raw[name] = agreed


def _known_by(raw: Raw) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, plural in (("email", "additionalEmails"), ("phone", "additionalPhones")):
        more = raw.get(plural)
        texts = [raw.get(name), *(more if isinstance(more, list) else [])]
        texts = [one.get(name) if isinstance(one, dict) else one for one in texts]
        found[name] = [str(one).strip().lower() for one in texts if one]
    return found
