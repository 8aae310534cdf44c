"""The browser's way back: only a link of ours, once, and nothing of it is shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route

from contacts import events
from contacts.errors import UsageError
from contacts.jobs import OAUTH, Kind
from contacts.settings import load
from contacts.store import consents, grants
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store
from contacts.store.tables import consents as table
from contacts.store.tables import jobs
from producers.inbox import Inbox
from producers.installing import address, standing
from producers.oauth_door import CALLBACK, OAuthDoor

CODE = "c0de" * 10
CIPHER = Cipher(Fernet.generate_key())


class Door:
    """The door alone, and a browser."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rings: list[int] = []
        door = OAuthDoor(store, lambda: CIPHER, lambda: self.rings.append(1))
        self.app = Starlette(routes=[Route(CALLBACK, door.callback, methods=["GET"])])

    def get(self, **query: str) -> httpx.Response:
        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.get(CALLBACK, params=query)

        return asyncio.run(main())

    def jobs(self) -> list[tuple[str, str, int]]:
        with self.store.read() as tx:
            return [(row.kind, row.location, row.subject) for row in tx.execute(select(jobs))]


@pytest.fixture
def door(store: Store) -> Door:
    return Door(store)


def test_a_code_with_our_state_is_kept_encrypted_with_its_job(door: Door) -> None:
    id, state = consents.ask(door.store)

    answer = door.get(code=CODE, state=state)

    assert answer.status_code == 200
    assert "Connected" in answer.text
    assert door.jobs() == [(Kind.ACCESS_EXCHANGE, OAUTH, id)]
    assert door.rings == [1]
    with door.store.read() as tx:
        row = tx.execute(select(table)).one()
        found = consents.code(tx, id, CIPHER)
    assert found is not None
    assert found[0] == CODE
    assert CODE.encode() not in bytes(row.code)
    assert state != row.state


@pytest.mark.parametrize("state", ["", "made-up", "x" * 5000, "a\x00b"])
def test_a_code_without_a_state_of_ours_is_refused(door: Door, state: str) -> None:
    consents.ask(door.store)

    answer = door.get(code=CODE, state=state)

    assert answer.status_code == 400
    assert "rollbook connect" in answer.text
    assert door.jobs() == []


def test_a_state_is_good_once(door: Door) -> None:
    _, state = consents.ask(door.store)
    assert door.get(code=CODE, state=state).status_code == 200
    assert door.get(code="another", state=state).status_code == 400
    assert len(door.jobs()) == 1


def test_a_state_is_good_for_an_hour(door: Door, clock: Any) -> None:
    _, state = consents.ask(door.store)
    clock.tick(3601)
    assert door.get(code=CODE, state=state).status_code == 400


def test_a_person_who_says_no_is_told_and_so_is_who_waits(door: Door) -> None:
    id, state = consents.ask(door.store)

    assert "Nothing was connected" in door.get(error="access_denied", state=state).text

    found = standing(door.store, id)
    assert found.settled
    assert "access_denied" in (found.consent.reason or "")


def test_what_the_address_says_is_not_repeated(door: Door) -> None:
    _, state = consents.ask(door.store)
    evil = "<script>alert(1)</script>"
    for query in ({"code": evil, "state": "x"}, {"error": evil, "state": state}, {"state": evil}):
        answer = door.get(**query)
        assert "script" not in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_without_a_database_the_page_asks_for_a_reload_and_is_no_500(door: Door) -> None:
    class Away(Store):
        def write(self) -> Any:
            raise DatabaseDown("OperationalError")

    _, state = consents.ask(door.store)
    away = Door(Away(door.store.engine, door.store.clock))
    answer = away.get(code=CODE, state=state)
    assert answer.status_code == 429
    assert "Reload" in answer.text


def test_the_address_has_a_state_and_no_pkce(tmp_path: Path) -> None:
    app = {
        "oauth_client_id": "64b0f1c2d3e4f5a6b7c8d9e0-lk3j9x2p",
        "oauth_client_secret": "secret",
        "oauth_redirect_url": "https://here.example/oauth/callback",
    }
    found = httpx.URL(address(load(home=tmp_path, **app, oauth_version_id="v1"), "st4te"))
    assert str(found).startswith("https://marketplace.gohighlevel.com/v2/oauth/chooselocation?")
    assert set(found.params) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "version_id",
    }  # fmt: skip
    assert "secret" not in str(found)


def test_keys_that_cannot_be_read_are_a_page_and_no_500(store: Store) -> None:
    def broken() -> Cipher:
        raise UsageError("secret.key holds something else than keys")

    _, state = consents.ask(store)
    door = OAuthDoor(store, broken, lambda: None)
    app = Starlette(routes=[Route(CALLBACK, door.callback, methods=["GET"])])

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(CALLBACK, params={"state": state, "code": CODE})

    answer = asyncio.run(main())

    assert answer.status_code == 429
    assert "secret.key" not in answer.text


def test_the_receiver_knows_the_installs_of_our_app_from_others(store: Store) -> None:
    inbox = Inbox(store, ring=lambda: None, name="receiver@test:1", patience_s=20.0, app="ours")

    async def come() -> None:
        for number, app in enumerate(("ours", "theirs")):
            body = {"type": "INSTALL", "appId": app, "locationId": f"loc{number}"}
            await inbox.keep(events.read(orjson.dumps(body), now=1.0))

    inbox.start()
    try:
        asyncio.run(come())
    finally:
        inbox.stop()

    assert [one.owner for one in grants.known(store)] == ["loc0"]
