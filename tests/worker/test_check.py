"""`location.check`: whether what the sync needs can be read, kept for `rollbook doctor`."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.jobs import Kind
from contacts.platforms import Kind as Connector
from contacts.platforms import Platform
from contacts.store import accounts, checks, platforms
from contacts.store.checks import Look
from ops.simulator.config import SCOPES

HERE = "loc1"


def look(shop: Any, *looks: Look) -> Any:
    """Have these looked at; returns what was found."""
    shop.put(*(checks.wish(HERE, one) for one in looks))
    shop.work()
    return checks.found(shop.store, HERE)


def test_each_look_is_one_call_and_keeps_no_contact(live_shop: Any, crm: Any) -> None:
    live_shop.person("ada@example.org", first_name="Zwetschge")
    live_shop.work()
    before = len(live_shop.calls())

    found = look(live_shop, Look.CONTACTS, Look.LOCATION, Look.FIELDS, Look.TASKS)

    assert {one.look: one.code for one in found.values()} == dict.fromkeys(list(Look)[:4])
    assert live_shop.calls()[before:] == [
        ("contacts.list", 200), ("location.get", 200), ("location.custom_fields", 200),
        ("location.tasks", 200),
    ]  # fmt: skip
    assert found[Look.CONTACTS].facts == {"contacts": 1}
    assert found[Look.FIELDS].facts == {"fields": 1}
    assert found[Look.LOCATION].facts["allows_doubles"] is False
    assert "ada" not in repr(found)
    assert "Zwetschge" not in repr(found)


def test_v3_has_no_list_and_is_searched(sqlite_store: Any, open_shop: Any, crm: Any) -> None:
    shop = open_shop(sqlite_store, crm, crm_version="v3")

    found = look(shop, Look.CONTACTS)

    assert found[Look.CONTACTS].code is None
    assert shop.calls() == [("contacts.search", 200)]


def test_what_the_token_may_not_is_what_was_found_and_pauses_nothing(
    sqlite_store: Any, open_shop: Any, simulator: Any
) -> None:
    scopes = [one for one in SCOPES if "customFields" not in one]
    crm = simulator(tokens=[{"token": "pit-secret", "location": HERE, "scopes": scopes}])
    shop = open_shop(sqlite_store, crm)

    found = look(shop, Look.FIELDS, Look.CONTACTS)

    assert (found[Look.FIELDS].code, found[Look.CONTACTS].code) == ("scope", None)
    assert "locations/customFields.readonly" in found[Look.FIELDS].said
    assert {row.state for row in shop.rows()} == {"done"}
    assert accounts.location(shop.store, HERE).paused_until is None


@pytest.mark.parametrize(
    ("token", "code"), [("pit-nobody", "token"), ("pit-elsewhere", "other-location")]
)
def test_a_token_that_is_none_or_another_ones_is_told(
    sqlite_store: Any, open_shop: Any, simulator: Any, token: str, code: str
) -> None:
    crm = simulator(
        locations=[{"id": HERE}, {"id": "loc2"}],
        tokens=[{"token": "pit-elsewhere", "location": "loc2", "scopes": list(SCOPES)}],
    )
    shop = open_shop(sqlite_store, crm)
    with shop.store.write() as tx:
        accounts.ensure_location(tx, HERE, token=token, cipher=shop.bench.cipher)

    assert look(shop, Look.CONTACTS)[Look.CONTACTS].code == code


def test_a_crm_that_cannot_be_reached_is_told_at_once(shop: Any) -> None:
    assert look(shop, Look.CONTACTS)[Look.CONTACTS].code == "no-connection"


def test_a_location_that_is_asked_to_wait_has_found_nothing_yet(live_shop: Any, crm: Any) -> None:
    crm.fault("error", status=429, times=1)

    assert look(live_shop, Look.CONTACTS) == {}
    (row,) = live_shop.rows()
    assert (row.kind, row.state, row.attempts) == (Kind.CHECK.value, "waiting", 0)
    (reason,) = checks.waiting(live_shop.store, HERE).values()
    assert "429" in reason


def test_without_a_platform_there_is_nothing_to_look_at(live_shop: Any) -> None:
    assert look(live_shop, Look.PLATFORM) == {}
    assert list(checks.waiting(live_shop.store, HERE)) == [Look.PLATFORM]


def test_a_look_of_a_newer_version_is_passed_over(live_shop: Any) -> None:
    from contacts.jobs import Wish

    live_shop.put(Wish(Kind.CHECK, HERE, subject=99))

    assert live_shop.work() == ["done"]


def test_what_was_found_again_takes_the_place_of_what_was_before(shop: Any) -> None:
    look(shop, Look.CONTACTS)
    shop.clock.tick(60)
    now = shop.clock()
    look(shop, Look.CONTACTS)

    assert checks.found(shop.store, HERE)[Look.CONTACTS].at == now
    assert checks.found(shop.store, HERE, since=now + 1) == {}


# ---------------------------------------------------------------- the platform


def connect(shop: Any, crm: Any, secret: str) -> None:
    """The location's platform is OnlineCourseHost's stand-in."""
    platform = Platform(Connector.COURSEHOST, f"{crm.url}/coursehost", per_minute=400)
    with shop.store.write() as tx:
        platforms.connect(
            tx, HERE, platform, secret=secret, cipher=shop.bench.cipher, now=shop.clock()
        )


def test_a_platform_that_lists_its_courses_has_let_us_in(live_shop: Any, crm: Any) -> None:
    connect(live_shop, crm, "och-simulator")

    found = look(live_shop, Look.PLATFORM)[Look.PLATFORM]

    assert found.code is None
    assert found.facts["courses"] == len(platforms.courses(live_shop.store, HERE)) > 0


def test_a_platform_that_refuses_our_token_is_told(live_shop: Any, crm: Any) -> None:
    connect(live_shop, crm, "och-nobody")

    assert look(live_shop, Look.PLATFORM)[Look.PLATFORM].code == "platform-access"
