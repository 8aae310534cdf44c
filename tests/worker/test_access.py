"""Access by OAuth: installs, renewals, refusals, against the stand-in's OAuth server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from contacts import events
from contacts.jobs import OAUTH, Kind, Wish
from contacts.store import accounts, consents, grants, inbox
from contacts.store.database import Store
from contacts.store.grants import Grant, Of, State, Tokens, Way
from contacts.store.tables import grants as table
from contacts.store.tables import locations
from ops.simulator.config import SCOPES
from ops.simulator.control import Control
from ops.simulator.oauth_settings import App
from producers.installing import standing
from worker import access_renew

APP = App()
HERE = "loc1"
AGENCY = "comp_simulator"
DAY_S = 86_400.0

SETTINGS = {
    "oauth_client_id": APP.client_id,
    "oauth_client_secret": APP.client_secret,
    "oauth_redirect_url": "https://here.example/oauth/callback",
}


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Control:
    """An agency with three locations, whose clock is the test's."""
    names = {1: "One", 2: "Two", 3: "Three"}
    places = [{"id": f"loc{n}", "name": name} for n, name in names.items()]
    token = {"token": "pit-secret", "location": HERE, "scopes": list(SCOPES)}
    made: Control = simulator(clock=clock, locations=places, tokens=[token])
    return made


class Office:
    """A worker without a private token, and what stands in its database."""

    def __init__(self, shop: Any, crm: Control) -> None:
        self.shop, self.crm = shop, crm
        self.store: Store = shop.store
        with self.store.write() as tx:
            tx.execute(update(locations).values(token=None))

    def connect(self, code: str) -> int:
        """A browser brings a code back, and all that follows is worked."""
        id, state = consents.ask(self.store)
        with self.store.write() as tx:
            cipher = self.shop.bench.cipher
            assert consents.came(tx, state, code, cipher=cipher, now=self.store.clock())
        self.shop.work()
        return id

    def installed(self, location: str | None = HERE, **more: Any) -> int:
        return self.connect(self.crm.install(location, **more)["code"])

    def grant(self, owner: str = HERE) -> Grant:
        with self.store.read() as tx:
            kind = Of.COMPANY if owner == AGENCY else Of.LOCATION
            found = grants.of(tx, kind, owner)
        assert found is not None
        return found

    def shown(self, owner: str = HERE) -> str:
        with self.store.read() as tx:
            found = grants.shown(tx, Of.LOCATION, owner, self.shop.bench.cipher)
        assert found is not None
        return found.access

    def change(self, owner: str = HERE, **values: Any) -> None:
        with self.store.write() as tx:
            tx.execute(update(table).where(table.c.owner == owner).values(**values))

    def tick(self, seconds: float) -> None:
        self.shop.clock.tick(seconds)

    def place(self) -> accounts.Location:
        return accounts.location(self.store, HERE)

    def operations(self) -> list[str]:
        return [name for name, _ in self.shop.calls()]

    def hear(self, type: str, **body: Any) -> None:
        now = self.store.clock()
        raw = orjson.dumps({"type": type, "appId": events.app_id(APP.client_id), **body})
        with self.store.write() as tx:
            inbox.receive(
                tx, [events.read(raw, now=now)], now=now, app=events.app_id(APP.client_id)
            )


@pytest.fixture
def office(sqlite_store: Store, open_shop: Callable[..., Any], crm: Control) -> Office:
    return Office(open_shop(sqlite_store, crm, **SETTINGS), crm)


# ---------------------------------------------------------------- installs


def test_a_location_that_installs_is_worked_with_its_own_token(office: Office) -> None:
    id = office.installed()

    assert office.grant().state == State.LIVE
    found = consents.look(office.store, id)
    assert found is not None
    assert (found.grant_id, found.reason) == (office.grant().id, None)
    # Its first call with the new token: the custom fields, which an install asks for.
    assert office.shop.calls() == [("oauth.token", 200), ("location.custom_fields", 200)]


def test_an_agency_that_installs_brings_all_its_locations(office: Office) -> None:
    office.installed(None)

    live = {one.owner: one.state for one in grants.known(office.store)}
    assert live == dict.fromkeys((AGENCY, "loc1", "loc2", "loc3"), State.LIVE)
    assert [one.name for one in accounts.locations(office.store)] == ["One", "Two", "Three"]
    called = office.operations()
    assert called.count("oauth.location_token") == 3
    assert called.count("oauth.installed_locations") == 1


def test_an_agency_whose_locations_may_not_be_read_says_why(office: Office) -> None:
    id = office.installed(None, scopes=["contacts.readonly"])

    assert "oauth.readonly" in (office.grant(AGENCY).reason or "")
    assert standing(office.store, id).settled


def test_a_location_that_is_not_active_says_so_to_who_waits(office: Office) -> None:
    office.crm.settings(oauth={"inactive": ["loc2"]})

    id = office.installed(None)

    found = standing(office.store, id)
    assert found.settled
    assert {one.owner: one.state for one in found.locations} == {
        "loc1": State.LIVE, "loc2": State.NEW, "loc3": State.LIVE,
    }  # fmt: skip
    assert "not active" in (office.grant("loc2").reason or "")


def test_only_the_locations_in_which_it_is_installed_are_taken(office: Office) -> None:
    office.installed(None, locations=["loc2"])

    assert [one.owner for one in grants.known(office.store, company=AGENCY)] == ["loc2"]


def test_a_spent_code_says_what_to_do(office: Office) -> None:
    code = office.crm.install(HERE)["code"]
    office.connect(code)

    id = office.connect(code)

    found = consents.look(office.store, id)
    assert found is not None
    assert found.reason is not None
    assert "`rollbook connect`" in found.reason


def test_an_install_that_nobody_here_began_is_fetched_for_its_webhook(office: Office) -> None:
    office.crm.install(HERE)

    office.hear("INSTALL", installType="Location", locationId=HERE, companyId=AGENCY)
    office.shop.work()

    assert office.grant().state == State.LIVE
    assert office.operations()[:2] == ["oauth.reconnect", "oauth.token"]


def test_an_agency_that_was_installed_elsewhere_is_fetched_with_its_locations(
    office: Office,
) -> None:
    office.crm.install(None)

    office.hear("INSTALL", installType="Company", companyId=AGENCY)
    office.shop.work()

    assert {one.state for one in grants.known(office.store)} == {State.LIVE}
    assert len(grants.known(office.store)) == 4


def test_a_webhook_of_another_app_is_nothing_to_us(office: Office) -> None:
    office.hear("INSTALL", locationId=HERE, companyId=AGENCY, appId="66a0000000000000000000ff")
    assert grants.known(office.store) == []


def test_an_install_webhook_beside_a_callback_costs_no_call_of_its_own(office: Office) -> None:
    code = office.crm.install(HERE)["code"]
    _, state = consents.ask(office.store)
    office.hear("INSTALL", installType="Location", locationId=HERE, companyId=AGENCY)
    with office.store.write() as tx:
        consents.came(tx, state, code, cipher=office.shop.bench.cipher, now=office.store.clock())
    office.shop.work()

    assert {row.state for row in office.shop.rows()} == {"done"}
    assert office.operations().count("oauth.token") == 1
    assert "oauth.reconnect" not in office.operations()


def test_an_uninstall_drops_the_tokens_and_the_location_waits_with_a_sentence(
    office: Office,
) -> None:
    office.installed()
    office.tick(60)

    office.hear("UNINSTALL", locationId=HERE)

    grant = office.grant()
    assert (grant.state, grant.expires_at) == (State.GONE, None)
    with office.store.read() as tx:
        assert grants.shown(tx, Of.LOCATION, HERE, office.shop.bench.cipher) is None
    assert "was uninstalled" in (office.place().pause_reason or "")


def test_after_an_uninstall_another_install_lets_it_go_on(office: Office) -> None:
    office.installed()
    office.tick(60)
    office.hear("UNINSTALL", companyId=AGENCY)

    office.installed()

    assert office.grant().state == State.LIVE
    assert office.place().paused_until is None


def test_an_uninstall_that_comes_after_a_later_install_drops_nothing(office: Office) -> None:
    office.installed()

    office.hear("UNINSTALL", locationId=HERE, timestamp="2020-01-01T00:00:00.000Z")

    assert office.grant().state == State.LIVE


def test_another_install_with_more_scopes_lets_a_location_go_on(office: Office) -> None:
    office.installed(scopes=["locations/customFields.readonly"])
    office.shop.person("ada@example.com")
    office.shop.work()
    assert "scope" in (office.place().pause_reason or "")
    office.tick(200)

    office.crm.install(HERE)
    office.hear("INSTALL", installType="Location", locationId=HERE, companyId=AGENCY)
    office.shop.work()

    assert office.place().paused_until is None
    assert len(office.crm.contacts(HERE)) == 1


def test_a_healed_token_does_not_end_a_pause_of_a_persons(office: Office) -> None:
    office.installed()
    with office.store.write() as tx:
        accounts.pause(tx, HERE, office.store.clock() + DAY_S, "stocktaking")
    lose_answers(office, 1)

    renew(office)
    office.tick(60)
    office.shop.work()

    assert office.grant().generation == 2
    assert office.place().pause_reason == "stocktaking"


# ---------------------------------------------------------------- renewals


def test_a_token_near_its_end_is_renewed_by_the_clock(office: Office) -> None:
    office.installed()
    first = office.shown()
    office.tick(DAY_S - 1800)

    assert access_renew.put_due(office.shop.bench) == 1
    office.shop.work()

    assert office.shown() != first
    assert office.grant().generation == 2
    assert access_renew.put_due(office.shop.bench) == 0


def test_a_token_of_an_agency_without_its_own_refresh_token_is_exchanged_again(
    office: Office,
) -> None:
    office.crm.settings(oauth={"exchange_refresh": False})
    office.installed(None)
    assert office.grant().way == Way.COMPANY
    office.tick(DAY_S - 100)

    office.shop.put(grants.wish(office.grant().id), grants.wish(office.grant(AGENCY).id))
    office.shop.work()

    assert office.grant().generation == 2


def test_an_agencys_token_that_is_over_is_renewed_before_those_of_its_locations(
    office: Office,
) -> None:
    office.crm.settings(oauth={"exchange_refresh": False})
    office.installed(None)
    office.tick(DAY_S + 5)
    office.shop.put(grants.wish(office.grant().id))
    office.shop.work()
    office.tick(31)
    office.shop.work()

    assert (office.grant(AGENCY).generation, office.grant().generation) == (2, 2)


def test_a_refused_token_of_an_agency_is_renewed_and_its_location_tried_again(
    office: Office,
) -> None:
    office.crm.settings(oauth={"exchange_refresh": False})
    office.installed(None)
    office.tick(3600)
    office.crm.expire()

    renew(office)
    office.tick(31)
    office.shop.work()

    assert (office.grant(AGENCY).generation, office.grant().generation) == (2, 2)
    assert office.crm.oauth()["refresh_calls"] == 1


def test_a_token_that_is_over_is_renewed_before_a_call_is_made_with_it(office: Office) -> None:
    office.installed()
    office.tick(DAY_S + 5)
    before = len(office.operations())

    office.shop.put(Wish(Kind.FIELDS, HERE))
    office.shop.work()

    assert office.operations()[before:] == ["oauth.token", "location.custom_fields"]
    assert [row.attempts for row in office.shop.rows()] == [0] * len(office.shop.rows())


def test_a_refused_token_is_renewed_once_and_the_job_loses_no_attempt(office: Office) -> None:
    office.installed()
    office.crm.expire(HERE)

    office.shop.put(Wish(Kind.FIELDS, HERE))
    office.shop.work()

    assert office.shop.calls()[2:] == [
        ("location.custom_fields", 401), ("oauth.token", 200), ("location.custom_fields", 200),
    ]  # fmt: skip
    assert all(row.attempts == 0 and row.state == "done" for row in office.shop.rows())
    assert office.place().paused_until is None


def test_many_refusals_of_one_token_are_one_renewal(office: Office) -> None:
    office.installed()
    office.crm.expire(HERE)
    for kind in (Kind.FIELDS, Kind.TASK_WALK):
        office.shop.put(Wish(kind, HERE))

    tickets = office.shop.release()
    for ticket in tickets:
        office.shop.run(ticket)
    office.shop.work()

    assert office.crm.oauth()["refresh_calls"] == 1


def test_what_is_refused_right_after_its_renewal_waits_for_a_person(office: Office) -> None:
    office.installed()
    for _ in range(2):
        office.crm.expire(HERE)
        office.shop.put(Wish(Kind.FIELDS, HERE))
        (ticket,) = office.shop.release()
        office.shop.run(ticket)
        if not office.grant().wanted:
            break
        renewal = next(one for one in office.shop.release() if one.kind is Kind.ACCESS_REFRESH)
        office.shop.run(renewal)
        office.crm.expire(HERE)

    assert "gave just now" in (office.place().pause_reason or "")
    for _ in range(5):
        office.tick(901)
        office.shop.work()
    assert office.crm.oauth()["refresh_calls"] == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"crm_version": "2020-01-01"}, "Version"),
        ({}, "scope"),
    ],
)
def test_other_refusals_renew_nothing(
    sqlite_store: Store,
    open_shop: Callable[..., Any],
    crm: Control,
    wrong: dict[str, Any],
    words: str,
) -> None:
    office = Office(open_shop(sqlite_store, crm, **SETTINGS), crm)
    office.installed(scopes=["locations/customFields.readonly"])
    office.shop = open_shop(sqlite_store, crm, **SETTINGS, **wrong)

    office.shop.person("ada@example.com")
    office.shop.work()

    assert words in (office.place().pause_reason or "")
    assert office.crm.oauth()["refresh_calls"] == 0


# ---------------------------------------------------------------- what goes wrong


def lose_answers(office: Office, times: int) -> None:
    office.crm.fault("drop", when="after", times=times, operations=["POST /oauth/token"])


def renew(office: Office) -> None:
    office.change(wanted=True)
    office.shop.put(grants.wish(office.grant().id))
    office.shop.work()


def test_a_lost_answer_is_given_again_within_the_grace(office: Office) -> None:
    office.installed()
    lose_answers(office, 1)

    renew(office)
    office.tick(5)
    office.shop.work()

    assert office.grant().generation == 2
    assert "oauth.reconnect" not in office.operations()
    assert office.crm.oauth()["repeated"] == 0


def test_an_answer_that_was_lost_for_longer_is_healed_by_a_reconnect(office: Office) -> None:
    office.installed()
    lose_answers(office, 1)

    renew(office)
    office.tick(60)
    office.shop.work()

    assert office.grant().generation == 2
    assert office.operations()[-4:] == [
        "oauth.token", "oauth.token", "oauth.reconnect", "oauth.token",
    ]  # fmt: skip
    office.shop.put(Wish(Kind.FIELDS, HERE))
    assert office.shop.once() == "done"


def test_of_an_agencys_location_it_is_healed_by_one_exchange(office: Office) -> None:
    office.installed(None)
    lose_answers(office, 1)

    renew(office)
    office.tick(60)
    office.shop.work()

    assert office.grant().generation == 2
    assert office.operations()[-1] == "oauth.location_token"


def test_a_worker_that_dies_with_the_answer_in_hand_loses_nothing(office: Office) -> None:
    office.installed()
    office.change(wanted=True)
    office.shop.put(grants.wish(office.grant().id))
    (ticket,) = office.shop.release()
    dying = office.shop.shaky("well", "well", *["before"] * 20)

    dying.run(ticket)  # the claim and the lease are written, the new pair is not
    assert office.grant().generation == 1
    office.tick(300)
    from contacts.store import ledger

    ledger.reclaim(office.store)
    office.shop.work()

    assert office.grant().generation == 2
    assert office.grant().state == State.LIVE


def test_two_that_would_renew_at_once_are_one_call(office: Office) -> None:
    office.installed()
    office.change(wanted=True, lease="somebody", lease_until=office.store.clock() + 30)

    office.shop.put(grants.wish(office.grant().id))
    assert "somebody else renews it" in office.shop.once()

    assert office.crm.oauth()["refresh_calls"] == 0


def test_an_answer_that_comes_after_newer_tokens_is_dropped(office: Office) -> None:
    from contacts.store import renewals

    office.installed()
    office.change(wanted=True)
    id, cipher, now = office.grant().id, office.shop.bench.cipher, office.store.clock()
    with office.store.write() as tx:
        slow = renewals.take(tx, id, cipher=cipher, now=now, lease_s=10, margin_s=60)
        quick = renewals.take(tx, id, cipher=cipher, now=now + 11, lease_s=10, margin_s=60)
        assert slow
        assert quick
        pair = [
            Tokens(Of.LOCATION, HERE, None, f"access-{n}", f"refresh-{n}", 3600, "")
            for n in range(2)
        ]
        assert renewals.keep(tx, quick, pair[0], cipher=cipher, now=now + 12)
        assert not renewals.keep(tx, slow, pair[1], cipher=cipher, now=now + 13)

    assert office.shown() == "access-0"


def test_an_app_that_is_not_installed_any_more_is_said_and_asked_no_further(
    office: Office,
) -> None:
    office.installed()
    office.crm.uninstall(HERE)

    renew(office)

    assert office.grant().state == State.LOST
    assert "install it again" in (office.place().pause_reason or "")
    parked = [row for row in office.shop.rows() if row.state == "parked"]
    assert [row.code for row in parked] == ["access-gone"]
    assert access_renew.put_due(office.shop.bench) == 0


def test_an_inactive_location_keeps_its_tokens_and_goes_on_when_it_is_active(
    office: Office,
) -> None:
    office.installed()
    office.crm.settings(oauth={"inactive": [HERE]})
    renew(office)
    assert "not active" in (office.place().pause_reason or "")
    assert office.grant().generation == 1

    office.crm.settings(oauth={"inactive": []})
    office.tick(901)
    office.shop.work()

    assert office.grant().generation == 2


def test_a_wrong_secret_of_the_app_is_said_and_costs_no_tokens(
    sqlite_store: Store, open_shop: Callable[..., Any], crm: Control
) -> None:
    office = Office(open_shop(sqlite_store, crm, **SETTINGS), crm)
    office.installed()
    office.shop = open_shop(sqlite_store, crm, **{**SETTINGS, "oauth_client_secret": "wrong"})

    renew(office)

    (row,) = [row for row in office.shop.rows() if row.kind == Kind.ACCESS_REFRESH]
    assert (row.code, row.state, row.attempts) == ("oauth-client", "waiting", 0)
    assert office.grant().state == State.LIVE


def test_a_private_token_goes_on_where_there_is_no_grant(live_shop: Any) -> None:
    live_shop.put(Wish(Kind.FIELDS, HERE))
    assert live_shop.once() == "done"
    assert live_shop.bench.place(HERE).generation is None


def test_v3_speaks_of_the_same_in_its_own_words(
    sqlite_store: Store, open_shop: Callable[..., Any], crm: Control
) -> None:
    office = Office(open_shop(sqlite_store, crm, **SETTINGS, crm_version="v3"), crm)

    office.installed(None)
    renew(office)

    assert office.grant().generation == 2
    assert {one.state for one in grants.known(office.store)} == {State.LIVE}


def test_jobs_about_access_are_held_up_by_no_locations_pause(office: Office) -> None:
    with office.store.read() as tx:
        assert tx.execute(select(locations.c.id).where(locations.c.id == OAUTH)).first() is None
