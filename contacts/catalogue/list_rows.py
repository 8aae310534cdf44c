"""The operations on many contacts: lists, searches and the two bulk calls."""

from __future__ import annotations

from typing import Final

from contacts.catalogue.row import READ, WRITE, Field, Operation, Shape, Token
from contacts.settings import V3

_LOCATION: Final = Field("locationId", needed=True)
_LIMIT: Final = Field("limit", Shape.NUMBER)

LISTS: Final = (
    Operation(
        "contacts.list",
        "GET",
        "/contacts/",
        READ,
        writes=False,
        what="the list of contacts",
        does="Read a page of the contacts, newest first: the next needs both startAfter values.",
        path_v3=None,
        query=(
            _LOCATION,
            _LIMIT,
            Field("startAfterId"),
            Field("startAfter", Shape.NUMBER),
            Field("query"),
        ),
        answer=("contacts", "count"),
        instead="contacts.search",
    ),
    Operation(
        "contacts.search",
        "POST",
        "/contacts/search",
        READ,
        writes=False,
        what="the search of contacts",
        does="Search contacts by filters, sorted; its index is some seconds late.",
        # The specification shows no body; these are of the official help page of the search.
        body=(
            _LOCATION,
            Field("pageLimit", Shape.NUMBER, needed=True),
            Field("page", Shape.NUMBER),
            Field("searchAfter", Shape.LIST),
            Field("query"),
            Field("filters", Shape.LIST),
            Field("sort", Shape.LIST),
        ),
        answer=("contacts", "total"),
    ),
    Operation(
        "contact.find",
        "GET",
        "/contacts/search/duplicate",
        READ,
        writes=False,
        what="the search for a contact",
        does="Find the contact with this email, or else with this phone (number).",
        query=(_LOCATION, Field("number"), Field("email")),
        answer=("contact",),
    ),
    Operation(
        "contacts.lookup",
        "GET",
        "/contacts/lookup",
        READ,
        writes=False,
        what="the search for contacts",
        does="Find contacts by one email or one phone, also by their further ones. 20 at most.",
        v2=False,
        token=Token.OAUTH_LOCATION,
        query=(
            Field("locationId"),
            Field("email"),
            Field("phone"),
            _LIMIT,
            Field("cursor"),
        ),
        answer=("contacts", "nextCursor"),
        instead="contact.find",
    ),
    Operation(
        "contacts.of_business",
        "GET",
        "/contacts/business/{id}",
        READ,
        writes=False,
        what="the contacts of the business",
        does="Read a page of the contacts of a business.",
        ids=("businessId",),
        query=(
            _LOCATION,
            _LIMIT,
            Field("skip", Shape.NUMBER),
            Field("query"),
            Field("startAfter", Shape.LIST, only=V3),
        ),
        answer=("contacts", "count"),
    ),
)

BULK: Final = (
    Operation(
        "contacts.bulk.tags",
        "POST",
        "/contacts/bulk/tags/update/{id}",
        WRITE,
        writes=True,
        what="the tags of many contacts",
        does="Add tags to many contacts, or take them off. The answer has a line for each.",
        ids=("type",),
        id_choices=("add", "remove"),
        body=(
            Field("contacts", Shape.TEXTS, needed=True),
            Field("tags", Shape.TEXTS, needed=True),
            _LOCATION,
            Field("removeAllTags", Shape.BOOLEAN),
        ),
        answer=("succeded", "errorCount", "responses"),
        answer_v3=("succeeded", "succeded", "errorCount", "responses"),
        codes=(201,),
    ),
    Operation(
        "contacts.bulk.business",
        "POST",
        "/contacts/bulk/business",
        WRITE,
        writes=True,
        what="the business of many contacts",
        does="Give up to 50 contacts this business, or none (null).",
        body=(
            _LOCATION,
            Field("ids", Shape.TEXTS, needed=True, most=50),
            Field("businessId", needed=True, null=True),
        ),
        answer=("success", "ids"),
    ),
)
