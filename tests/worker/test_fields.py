"""Reading which custom fields a location has."""

from __future__ import annotations

from typing import Any

from contacts.jobs import Kind, Wish
from contacts.store import accounts

FIELDS = Wish(Kind.FIELDS, "loc1")


def test_the_fields_are_kept_and_used_by_the_next_push(live_shop: Any, crm: Any) -> None:
    live_shop.person("bob@example.org")
    live_shop.work()  # the place is remembered, without fields
    live_shop.put(FIELDS)
    assert live_shop.work() == ["done"]
    (field,) = accounts.custom_fields(live_shop.store, "loc1")
    assert (field.id, field.key, field.name) == ("cfLevel0000000000001", "level", "Level")

    live_shop.person("ada@example.org", **{"custom.level": "advanced"})
    live_shop.work()
    theirs = {one["email"]: one for one in crm.contacts("loc1")}
    assert theirs["ada@example.org"]["customFields"] == [
        {"id": "cfLevel0000000000001", "value": "advanced"}
    ]


def test_a_token_without_the_scope_parks_the_job_and_stops_nobody(
    open_shop: Any, sqlite_store: Any, simulator: Any
) -> None:
    scopes = ["contacts.readonly", "contacts.write"]
    crm = simulator(tokens=[{"token": "pit-secret", "location": "loc1", "scopes": scopes}])
    shop = open_shop(sqlite_store, crm)
    shop.put(FIELDS)
    (shown,) = shop.work()
    assert shown.startswith("Parked: scope: custom fields cannot be read")
    shop.person("ada@example.org")
    assert shop.work() == ["done"]


def test_a_token_that_is_refused_pauses_the_location(
    open_shop: Any, sqlite_store: Any, simulator: Any
) -> None:
    crm = simulator(tokens=[{"token": "another", "location": "loc1"}])
    shop = open_shop(sqlite_store, crm)
    shop.put(FIELDS)
    shown = shop.once()
    assert shown.startswith("Retry: the CRM does not take the token")
    assert accounts.location(shop.store, "loc1").paused_until == shop.clock() + 900
    assert shop.release() == []
