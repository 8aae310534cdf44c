"""`rollbook connect` and `rollbook keys`, as a person types them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from contacts.store import consents, grants, installs, keyring, renewals
from contacts.store.cipher import Cipher, key_file
from contacts.store.consents import Consent
from contacts.store.database import Store
from contacts.store.grants import Of, Tokens, Way
from contacts.store.tables import locations
from producers.cli import connect
from producers.installing import standing
from tests.conftest import token_of

from .conftest import HERE, settings_of

APP = {
    "ROLLBOOK_OAUTH_CLIENT_ID": "64b0f1c2d3e4f5a6b7c8d9e0-lk3j9x2p",
    "ROLLBOOK_OAUTH_CLIENT_SECRET": "s3cret",
    "ROLLBOOK_OAUTH_REDIRECT_URL": "https://here.example/oauth/callback",
}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in APP.items():
        monkeypatch.setenv(name, value)


def give(store: Store, folder: Path, kind: Of, owner: str) -> int:
    cipher = Cipher.from_settings(settings_of(folder))
    tokens = Tokens(kind, owner, "agency", "access-1", "refresh-1", 86_399, "contacts.readonly")
    with store.write() as tx:
        return renewals.put(tx, tokens, cipher=cipher, now=store.clock())


def test_without_an_app_the_missing_settings_are_named(rollbook, book: Store) -> None:
    said = rollbook("connect", "--no-open")
    assert said.code == 2
    assert [line.split(" ")[1] for line in said.err.splitlines()] == list(APP)


@pytest.mark.usefixtures("app")
def test_it_prints_the_address_and_says_when_nobody_came_back(rollbook, book: Store) -> None:
    said = rollbook("connect", "--no-open", "--wait", "0")
    assert said.code == 2
    assert "https://marketplace.gohighlevel.com/v2/oauth/chooselocation?" in said.out
    assert "Not running: receiver, dispatcher, worker." in said.err
    assert "did not come back" in said.err
    assert "s3cret" not in said.out + said.err


@pytest.mark.usefixtures("app")
def test_a_callback_that_is_not_the_receivers_door_is_a_mistake(
    rollbook, book: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_OAUTH_REDIRECT_URL", "https://here.example/elsewhere")
    said = rollbook("connect", "--no-open")
    assert (said.code, "/oauth/callback" in said.err) == (2, True)


@pytest.mark.usefixtures("app")
def test_a_location_is_chosen_in_the_browser_and_not_here(rollbook, book: Store) -> None:
    said = rollbook("connect", HERE)
    assert (said.code, "--token" in said.err) == (2, True)


def test_a_private_token_comes_from_standard_input(rollbook, book: Store, folder: Path) -> None:
    said = rollbook("connect", HERE, "--token-stdin", stdin="pit-1\n")
    assert said.code == 0
    cipher = Cipher.from_settings(settings_of(folder))
    assert token_of(book, HERE, cipher) == "pit-1"


def test_it_follows_an_agency_until_every_location_has_its_token(book: Store, folder: Path) -> None:
    id, _ = consents.ask(book)
    assert not standing(book, id).settled
    grant_id = give(book, folder, Of.COMPANY, "agency")
    with book.write() as tx:
        consents.settle(tx, id, now=1.0, grant_id=grant_id)
        agency = grants.by_id(tx, grant_id)
        assert agency is not None
    assert not standing(book, id).settled
    with book.write() as tx:
        installs.walked(tx, agency, [(HERE, "Here")], cursor=None, now=1.0)
    assert not standing(book, id).settled

    give(book, folder, Of.LOCATION, HERE)

    found = standing(book, id)
    assert found.settled
    assert [one.owner for one in found.locations] == [HERE]


def test_what_is_connected_is_said(
    book: Store, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id, _ = consents.ask(book)
    grant_id = give(book, folder, Of.LOCATION, HERE)
    with book.write() as tx:
        consents.settle(tx, id, now=1.0, grant_id=grant_id)

    found = connect.follow(lambda: standing(book, id), wait_s=9, json=False)

    assert connect._tell(found, json=False) == 0
    assert f"Connected: location {HERE}" in capsys.readouterr().out


def test_a_waiting_person_sees_each_step_once(
    book: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Any = standing(book, consents.ask(book)[0])
    connect.follow(lambda: seen, wait_s=2, json=False, sleep=lambda _: None)
    assert capsys.readouterr().out == "Waiting for the install ...\n"
    assert isinstance(seen.consent, Consent)


# ---------------------------------------------------------------- keys


def test_keys_shows_how_many_and_never_which(rollbook, location: str, folder: Path) -> None:
    said = rollbook("keys")
    assert said.code == 0
    assert "1  with the present key" in said.out
    assert key_file(settings_of(folder)).read_text() not in said.out


def test_rotate_makes_a_key_encrypts_anew_and_drop_forgets_the_old_one(
    rollbook, location: str, book: Store, folder: Path
) -> None:
    old = Cipher.from_settings(settings_of(folder))

    said = rollbook("keys", "rotate")

    assert (said.code, said.out[:17]) == (0, "2 values are encr")
    new = Cipher.from_settings(settings_of(folder))
    assert new.keys[1:] == old.keys
    assert token_of(book, HERE, Cipher(new.keys[0])) == "pit-secret"
    assert rollbook("keys", "drop").out == "1 old key(s) forgotten.\n"
    last = Cipher.from_settings(settings_of(folder))
    assert last.keys == new.keys[:1]
    assert keyring.rooted(book, last).derive("x") == old.derive("x")


def test_a_rotation_that_was_stopped_is_finished_without_another_key(
    rollbook, location: str, book: Store, folder: Path
) -> None:
    rollbook("keys", "rotate")
    new = Cipher.from_settings(settings_of(folder))
    with book.write() as tx:
        late = Cipher(new.keys[1]).encrypt("pit-secret")
        tx.execute(update(locations).values(token=late))

    assert "unfinished" in rollbook("keys", "rotate").out

    assert Cipher.from_settings(settings_of(folder)).keys == new.keys


def test_a_wrong_key_is_said_and_nothing_changes(
    rollbook, location: str, book: Store, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    right = Cipher.from_settings(settings_of(folder))
    monkeypatch.setenv("ROLLBOOK_SECRET_KEY", Fernet.generate_key().decode())

    assert rollbook("keys").code == 3
    said = rollbook("keys", "rotate")

    assert said.code == 2
    assert "another key" in said.err
    assert token_of(book, HERE, right) == "pit-secret"


def test_a_key_of_the_settings_is_changed_there(
    rollbook, location: str, book: Store, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    old, new = Cipher.from_settings(settings_of(folder)).keys[0].decode(), Fernet.generate_key()
    monkeypatch.setenv("ROLLBOOK_SECRET_KEY", new.decode())
    monkeypatch.setenv("ROLLBOOK_OLD_SECRET_KEYS", old)

    assert rollbook("keys", "rotate").code == 0
    assert token_of(book, HERE, Cipher(new)) == "pit-secret"
    assert "OLD_SECRET_KEYS" in rollbook("keys", "rotate").err


def test_a_location_shows_how_it_is_let_in(rollbook, location: str, book, folder: Path) -> None:
    give(book, folder, Of.LOCATION, "loc_b")
    with book.write() as tx:
        grants.expected(tx, Of.LOCATION, "loc_c", "agency", Way.COMPANY)
        grants.make_location(tx, "loc_c")

    out = rollbook("locations").out

    assert "yes" in out
    assert "OAuth " in out
    assert "OAuth: new" in out
