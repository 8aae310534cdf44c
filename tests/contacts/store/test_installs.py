"""INSTALL and UNINSTALL, and the turns of a grant, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from contacts.events import INSTALL, UNINSTALL, Event
from contacts.jobs import OAUTH, Kind
from contacts.store import accounts, grants, installs, ledger, renewals
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.grants import Grant, Of, State, Tokens, Way
from contacts.store.renewals import RENEWING, Verdict
from contacts.store.tables import jobs

APP, AGENCY, HERE = "app", "agency", "loc1"
CIPHER = Cipher(Fernet.generate_key())
HOUR_S = 3600.0


def hear(store: Store, type: str, location: str = "", *, at: float = 0.0, **more: Any) -> None:
    body = {"appId": APP, "companyId": AGENCY, **more}
    event = Event(f"{type}-{location}", type, location, "", "", at or store.clock(), body)
    with store.write() as tx:
        installs.hear(tx, [event], app=APP, now=store.clock())


def give(store: Store, owner: str = HERE, kind: Of = Of.LOCATION) -> None:
    with store.write() as tx:
        renewals.put(tx, tokens(owner, kind), cipher=CIPHER, now=store.clock())


def tokens(owner: str = HERE, kind: Of = Of.LOCATION, name: str = "1") -> Tokens:
    return Tokens(kind, owner, AGENCY, f"access-{name}", f"refresh-{name}", 86_399, "a b")


def found(store: Store, owner: str = HERE, kind: Of = Of.LOCATION) -> Grant:
    with store.read() as tx:
        one = grants.of(tx, kind, owner)
    assert one is not None
    return one


def renewing(store: Store) -> list[str]:
    tickets = ledger.release(store, room=99, limit=99, bulk_limit=99, lease_s=30)
    return [one.location for one in tickets if one.kind is Kind.ACCESS_REFRESH]


def test_an_install_puts_the_renewal_that_fetches_its_tokens(store: Store) -> None:
    hear(store, "INSTALL", HERE)
    assert (found(store).state, found(store).way) == (State.NEW, Way.RECONNECT)
    assert renewing(store) == [OAUTH]
    assert accounts.location(store, HERE).id == HERE


def test_a_location_of_an_agency_that_is_known_takes_the_shorter_way(store: Store) -> None:
    give(store, AGENCY, Of.COMPANY)
    hear(store, "INSTALL", HERE)
    assert found(store).way == Way.COMPANY


def test_an_uninstall_of_an_agency_drops_the_tokens_of_its_locations(store: Store) -> None:
    give(store, AGENCY, Of.COMPANY)
    give(store)

    hear(store, "UNINSTALL")

    assert {one.state for one in grants.known(store)} == {State.GONE}
    with store.read() as tx:
        assert grants.shown(tx, Of.LOCATION, HERE, CIPHER) is None
    assert accounts.location(store, HERE).pause_reason == installs.UNINSTALLED


def test_a_location_with_a_private_token_goes_on_after_an_uninstall(store: Store) -> None:
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-1", cipher=CIPHER)
    give(store)

    hear(store, "UNINSTALL", HERE)

    assert accounts.location(store, HERE).pause_reason is None


def test_an_uninstall_that_names_nobody_drops_nothing(store: Store) -> None:
    give(store)
    hear(store, "UNINSTALL", companyId=None)
    assert found(store).state == State.LIVE


def test_after_an_uninstall_an_install_begins_anew(store: Store, clock: Any) -> None:
    give(store)
    hear(store, "UNINSTALL", HERE)
    clock.tick(HOUR_S)

    hear(store, "INSTALL", HERE)
    assert found(store).state == State.NEW
    give(store)

    assert (found(store).state, found(store).reason) == (State.LIVE, None)
    assert accounts.location(store, HERE).paused_until is None


def test_of_all_who_would_renew_one_has_the_right(store: Store, clock: Any) -> None:
    give(store)
    id, more = found(store).id, {"cipher": CIPHER, "lease_s": 30, "margin_s": 90_000}

    with store.write() as tx:
        first = renewals.take(tx, id, now=clock(), **more)
        assert renewals.take(tx, id, now=clock(), **more) is None
        assert renewals.take(tx, id, now=clock() + 31, **more) is not None

    assert first is not None
    assert (first.refresh, first.code) == ("refresh-1", None)
    assert "refresh-1" not in repr(first)


def test_a_token_that_is_not_near_its_end_is_not_renewed(store: Store, clock: Any) -> None:
    give(store)
    with store.write() as tx:
        id = found(store).id
        taken = renewals.take(tx, id, cipher=CIPHER, now=clock(), lease_s=30, margin_s=HOUR_S)
    assert taken is None


def test_a_refusal_renews_once_and_then_asks_a_person(store: Store, clock: Any) -> None:
    give(store)
    clock.tick(HOUR_S)

    def refused(tx: Tx, generation: int) -> Verdict:
        return renewals.refused(tx, Of.LOCATION, HERE, generation, now=clock())

    with store.write() as tx:
        assert refused(tx, 1) is Verdict.RENEW
        assert refused(tx, 1) is Verdict.RENEW
        id, more = grants.wish(1).subject, {"cipher": CIPHER, "now": clock()}
        lease = renewals.take(tx, id, lease_s=30, margin_s=60, **more)
        assert lease is not None
        assert renewals.keep(tx, lease, tokens(name="2"), **more)
        assert refused(tx, 1) is Verdict.OLD
        assert refused(tx, 2) is Verdict.LOST
        assert refused(tx, 2) is Verdict.LOST
    assert found(store).generation == 2


def test_new_tokens_end_the_pause_that_waits_for_them_and_no_other(store: Store) -> None:
    for reason, left in ((RENEWING, None), ("stocktaking", "stocktaking")):
        give(store)
        with store.write() as tx:
            accounts.pause(tx, HERE, store.clock() + 60, reason)
            renewals.want(tx, Of.LOCATION, HERE, now=store.clock())
            more = {"cipher": CIPHER, "now": store.clock()}
            lease = renewals.take(tx, found_in(tx).id, lease_s=30, margin_s=60, **more)
            assert lease is not None
            renewals.keep(tx, lease, tokens(), **more)
        assert accounts.location(store, HERE).pause_reason == left


def found_in(tx: Tx) -> Grant:
    one = grants.of(tx, Of.LOCATION, HERE)
    assert one is not None
    return one


@pytest.mark.parametrize("app", ["other", None])
def test_events_of_other_apps_are_nothing_to_us(store: Store, app: str | None) -> None:
    hear(store, "INSTALL", HERE, appId=app)
    assert grants.known(store) == []


@pytest.mark.parametrize(
    ("scopes", "reads"),
    [("contacts.readonly", False), ("contacts.readonly locations/customFields.readonly", True),
     ("", True)],
)  # fmt: skip
def test_custom_fields_are_read_where_the_install_may(
    store: Store, scopes: str, reads: bool
) -> None:
    given = replace(tokens(), scopes=scopes)
    with store.write() as tx:
        renewals.put(tx, given, cipher=CIPHER, now=store.clock())

    with store.read() as tx:
        kinds = set(tx.execute(select(jobs.c.kind)).scalars())
    assert (Kind.FIELDS in kinds) is reads


def test_a_location_with_an_installs_token_has_a_token(store: Store) -> None:
    hear(store, INSTALL, HERE)
    assert not accounts.location(store, HERE).has_token

    give(store)

    assert accounts.location(store, HERE).has_token
    assert [one.has_token for one in accounts.locations(store)] == [True]
    hear(store, UNINSTALL, HERE)
    assert not accounts.location(store, HERE).has_token
