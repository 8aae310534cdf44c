"""The two lists of a location's contacts, in our words: by when they were added, and the search.

Neither shows a contact as a read does. Both spell names in lower case; ``GET /contacts/`` has the
typed ones beside them, the search may not. The search calls the street ``address`` and gives days
of birth as epochs. Which fields a row leaves out altogether is not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contacts.fields import FIELDS
from worker.crm import operations as op
from worker.crm import wire
from worker.crm.answers import bad_answer, milliseconds
from worker.crm.calls import Calls, Line
from worker.crm.operations import Operation
from worker.crm.paper import rows
from worker.crm.shapes import Cursor, JsonObject, Page, Row

LARGEST_PAGE: Final = 100
"""``GET /contacts/`` gives no more at once."""

LARGEST_SEARCH: Final = 500
"""Nor does ``POST /contacts/search``."""

LONGEST_QUERY: Final = 75
"""Characters that the search takes (its help page)."""

_KEYS: Final = {
    "first_name": ("firstName", "firstNameRaw"),
    "last_name": ("lastName", "lastNameRaw"),
    "name": ("name", "contactName", "firstName", "firstNameRaw"),
    "address1": ("address1", "address"),
}
"""Under which keys a row has a field, where that is not the one of a read alone."""


class Lists:
    """Pages of contacts. Every function makes exactly one call, and raises ``SyncError``s."""

    _calls: Calls
    _line: Line
    _country: str
    _dictionary: wire.Dictionary

    def contacts(self, cursor: Cursor | None = None, limit: int = LARGEST_PAGE) -> Page:
        """One page of the location's contacts, newest first. Not in the specification of v3.

        Args:
            cursor: of the page before.
            limit: rows at most, 1 to 100.

        Raises:
            ValueError: the limit is out of range.
            CrmUnavailable: the list does not move on.
        """
        if not 1 <= limit <= LARGEST_PAGE:
            raise ValueError(f"limit must be 1 to {LARGEST_PAGE}")
        query: dict[str, str | int] = {"locationId": self._line.location, "limit": limit}
        if cursor is not None:
            query |= {"startAfter": cursor.after, "startAfterId": cursor.after_id}
        found = self._calls.make(op.LIST, self._line, query=query)
        listed = rows(op.LIST, found, "contacts")
        meta = found.get("meta")
        total = meta.get("total") if isinstance(meta, Mapping) else found.get("count")
        return self._page(op.LIST, listed, cursor, next_cursor(meta, listed), total)

    def named(self, words: str) -> tuple[Row, ...]:
        """The contacts in which these words stand, such as an email: 100 at most.

        In v3 by the search, whose index is some seconds late: it has no other list.
        """
        if self._calls.v3:
            return self._searched(words)
        query: dict[str, str | int] = {"locationId": self._line.location, "limit": LARGEST_PAGE}
        found = self._calls.make(op.LIST, self._line, query=query | {"query": words})
        return self._page(op.LIST, rows(op.LIST, found, "contacts"), None, None, None).rows

    def _searched(self, words: str) -> tuple[Row, ...]:
        body: dict[str, object] = {
            "locationId": self._line.location,
            "pageLimit": LARGEST_PAGE,
            "query": words[:LONGEST_QUERY],
        }
        found = self._calls.make(op.SEARCH, self._line, body=body)
        return self._page(op.SEARCH, rows(op.SEARCH, found, "contacts"), None, None, None).rows

    def search(
        self, cursor: Cursor | None = None, *, newest: bool = False, limit: int = LARGEST_SEARCH
    ) -> Page:
        """One page of the location's contacts, by when they were last changed.

        Args:
            cursor: of the page before.
            newest: those that changed last first; otherwise last, so that one which changes while
                somebody reads is read again and not left out.
            limit: rows at most, 1 to 500.

        Raises:
            ValueError: the limit is out of range.
            CrmUnavailable: the search does not move on.
        """
        if not 1 <= limit <= LARGEST_SEARCH:
            raise ValueError(f"limit must be 1 to {LARGEST_SEARCH}")
        body: dict[str, object] = {
            "locationId": self._line.location,
            "pageLimit": limit,
            "sort": [{"field": "dateUpdated", "direction": "desc" if newest else "asc"}],
        }
        if cursor is not None:
            body["searchAfter"] = [cursor.after, cursor.after_id]
        found = self._calls.make(op.SEARCH, self._line, body=body)
        listed = rows(op.SEARCH, found, "contacts")
        return self._page(op.SEARCH, listed, cursor, _search_after(listed), found.get("total"))

    def _page(
        self,
        operation: Operation,
        listed: list[JsonObject],
        cursor: Cursor | None,
        following: Cursor | None,
        total: object,
    ) -> Page:
        if following is not None and following == cursor:
            raise bad_answer(operation, "repeats the page before")
        try:
            found = tuple(self._row(raw) for raw in listed)
        except ValueError:
            raise bad_answer(operation, "has a contact without an id") from None
        return Page(found, following, total if isinstance(total, int) else None)

    def _row(self, raw: JsonObject) -> Row:
        return Row(
            theirs=wire.contact(raw, country=self._country, dictionary=self._dictionary),
            shown=frozenset(
                one.name
                for one in FIELDS
                if any(key in raw for key in _KEYS.get(one.name, (one.crm,)))
            ),
            caseless=frozenset(
                name
                for name, key in (("first_name", "firstName"), ("last_name", "lastName"))
                if f"{key}Raw" not in raw
            ),
        )


def next_cursor(meta: object, rows: list[JsonObject]) -> Cursor | None:
    """Where the next page begins; None after the last.

    Both values or none: with one alone the CRM gives page 1 again, for ever. Where the answer
    names only one, the last row has both.
    """
    if not rows or not isinstance(meta, Mapping):
        return None
    after, after_id = meta.get("startAfter"), meta.get("startAfterId")
    if after is None and after_id is None:
        return None
    if not isinstance(after, int):
        after = int(after) if isinstance(after, str) and after.isdecimal() else None
    if after is None:
        after = milliseconds(rows[-1].get("dateAdded"))
    if not isinstance(after_id, str) or not after_id:
        after_id = rows[-1].get("id")
    if after is None or not isinstance(after_id, str):
        return None
    return Cursor(after, after_id)


def _search_after(rows: list[JsonObject]) -> Cursor | None:
    """Where the next page of a search begins: the last row says so."""
    after = rows[-1].get("searchAfter") if rows else None
    match after:
        case [int(ms), str(id)]:
            return Cursor(ms, id)
        case _:
            return None
