from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from contacts.errors import UsageError
from contacts.settings import Settings
from contacts.store import accounts
from contacts.store.accounts import CustomField
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import locations
from tests.conftest import token_of

HERE = "loc_1"


@pytest.fixture
def cipher() -> Cipher:
    return Cipher(Fernet.generate_key())


def ensure(store: Store, cipher: Cipher, token: str | None = "pit-1", **more: str) -> None:
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=token, cipher=cipher, **more)


def test_a_token_is_kept_encrypted_and_given_back(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher, "pit-secret", country="DE")
    assert token_of(store, HERE, cipher) == "pit-secret"
    with store.read() as tx:
        assert b"pit-secret" not in bytes(tx.execute(select(locations.c.token)).scalar_one())
    (found,) = accounts.locations(store)
    assert (found.id, found.country, found.has_token) == (HERE, "DE", True)


def test_the_same_token_again_leaves_a_pause_a_new_one_ends_it(
    store: Store, cipher: Cipher
) -> None:
    ensure(store, cipher)
    until = store.clock() + 500
    with store.write() as tx:
        accounts.pause(tx, HERE, until, "access lost")
    ensure(store, cipher)
    assert accounts.location(store, HERE).paused_until == until
    ensure(store, cipher, "pit-2")
    assert accounts.location(store, HERE).paused_until is None


def test_a_pause_is_never_shortened_by_another(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    now = store.clock()
    with store.write() as tx:
        assert accounts.pause(tx, HERE, now + 500, "access lost")
        assert accounts.pause(tx, HERE, now + 400, "429")
    found = accounts.location(store, HERE)
    assert (found.paused_until, found.pause_reason) == (now + 500, "access lost")
    with store.write() as tx:
        assert accounts.resume(tx, HERE)
        assert not accounts.resume(tx, HERE)


@pytest.mark.parametrize("longer", ["day", "429"])
def test_a_pause_of_bulk_alone_and_one_of_everything_stand_side_by_side(
    store: Store, cipher: Cipher, longer: str
) -> None:
    ensure(store, cipher)
    now = store.clock()
    day, busy = (3600, 10) if longer == "day" else (10, 3600)
    with store.write() as tx:
        accounts.pause(tx, HERE, now + day, "the day's calls", bulk_only=True)
        accounts.pause(tx, HERE, now + busy, "429")

    found = accounts.location(store, HERE)
    assert (found.pause_reason, found.pause_bulk_only) == ("429", False)
    store.clock.tick(11)
    found = accounts.location(store, HERE)
    expected = ("the day's calls", True) if longer == "day" else ("429", False)
    assert (found.pause_reason, found.pause_bulk_only) == expected


def test_a_pause_that_is_over_is_none(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    with store.write() as tx:
        accounts.pause(tx, HERE, store.clock() - 1, "429")
    found = accounts.location(store, HERE)
    assert (found.paused_until, found.pause_reason) == (None, None)


def test_a_location_that_is_not_known_cannot_be_paused(store: Store) -> None:
    with store.write() as tx:
        assert not accounts.pause(tx, "nowhere", store.clock() + 10, "429")


def test_a_new_token_does_not_give_the_days_quota_back(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    until = store.clock() + 3600
    with store.write() as tx:
        accounts.pause(tx, HERE, until, "the day's calls", bulk_only=True)
    ensure(store, cipher, "pit-2")
    assert accounts.location(store, HERE).paused_until == until


def test_an_unknown_location_and_a_missing_token_say_what_to_do(
    store: Store, cipher: Cipher
) -> None:
    with pytest.raises(UsageError, match="rollbook locations add nowhere"):
        accounts.location(store, "nowhere")
    ensure(store, cipher, None)
    with pytest.raises(UsageError, match="has no token"):
        token_of(store, HERE, cipher)


def test_a_token_under_another_key_says_so(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    with pytest.raises(UsageError, match="ROLLBOOK_SECRET_KEY"):
        token_of(store, HERE, Cipher(Fernet.generate_key()))


def test_custom_fields_are_replaced_as_a_whole(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    assert not accounts.fields_known(store, HERE)
    level = CustomField("f1", "level", "Level", "TEXT")
    for rows in ([level, CustomField("f2", "old", "Old", "TEXT")], [level]):
        with store.write() as tx:
            accounts.save_fields(tx, HERE, rows, now=1.0)
    assert accounts.custom_fields(store, HERE) == (level,)
    assert accounts.fields_known(store, HERE)


def test_what_the_limiter_showed_is_kept_for_status(store: Store, cipher: Cipher) -> None:
    ensure(store, cipher)
    assert accounts.location(store, HERE).limits_seen == {}
    with store.write() as tx:
        accounts.save_limits_seen(tx, HERE, {"used": 3})
    assert accounts.location(store, HERE).limits_seen == {"used": 3}


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", _env_file=None)
    sealed = Cipher.from_settings(settings).encrypt("pit-1")
    assert Cipher.from_settings(settings).decrypt(sealed) == "pit-1"
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600


def test_a_broken_key_file_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("not a key")
    with pytest.raises(UsageError, match="is not a key"):
        Cipher.from_settings(Settings(home=tmp_path, _env_file=None))
