"""From one key to the next: nothing unreadable, nothing silent, and what was derived stays."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from contacts.errors import UsageError
from contacts.platforms import Kind, Platform
from contacts.store import accounts, forgotten, keyring, platforms
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import locations, metadata, secrets
from tests.conftest import token_of

OLD, NEW, OTHER = (Fernet.generate_key() for _ in range(3))
PLATFORM = Platform(Kind.COURSEHOST, "https://api.example.com")


def fill(store: Store, cipher: Cipher, count: int = 5) -> None:
    with store.write() as tx:
        for n in range(count):
            accounts.ensure_location(tx, f"loc{n}", token=f"pit-{n}", cipher=cipher)
        platforms.connect(tx, "loc0", PLATFORM, secret="och-1", cipher=cipher, now=1.0)


def tokens(store: Store, cipher: Cipher, count: int = 5) -> list[str]:
    return [token_of(store, f"loc{n}", cipher) for n in range(count)]


def test_every_column_of_bytes_is_in_the_list() -> None:
    names = {f"{column.table.name}.{column.name}" for column in keyring.sealed()}
    assert {
        "locations.token", "platforms.secret", "grants.access", "grants.refresh", "grants.code",
        "consents.code", "secrets.sealed",
    } <= names  # fmt: skip
    assert all(column.table.name in metadata.tables for column in keyring.sealed())


def test_after_a_rotation_the_new_key_alone_reads_everything(store: Store) -> None:
    old = keyring.keep_root(store, Cipher(OLD))
    fill(store, old)

    assert keyring.reseal(store, Cipher(NEW, OLD), batch=2) == 7

    assert tokens(store, Cipher(NEW)) == [f"pit-{n}" for n in range(5)]
    with store.read() as tx:
        assert platforms.secret(tx, "loc0", Cipher(NEW)) == "och-1"
    assert keyring.tally(store, Cipher(NEW, OLD)) == {0: 7}
    assert keyring.reseal(store, Cipher(NEW, OLD)) == 0


def test_half_way_both_keys_read_and_the_rest_is_done_later(store: Store) -> None:
    fill(store, Cipher(OLD))
    with store.write() as tx:
        tx.execute(
            update(locations)
            .where(locations.c.id == "loc3")
            .values(token=Cipher(NEW).encrypt("pit-3"))
        )

    assert tokens(store, Cipher(NEW, OLD)) == [f"pit-{n}" for n in range(5)]
    assert keyring.reseal(store, Cipher(NEW, OLD)) == 5


def test_a_value_of_an_unknown_key_is_named_and_nothing_of_it_is_lost(store: Store) -> None:
    fill(store, Cipher(OTHER), 1)

    with pytest.raises(UsageError, match=r"(locations\.token|platforms\.secret) of loc0"):
        keyring.reseal(store, Cipher(NEW, OLD))

    assert tokens(store, Cipher(OTHER), 1) == ["pit-0"]


def test_a_process_with_a_wrong_key_does_not_begin(store: Store) -> None:
    fill(store, Cipher(OLD))
    with pytest.raises(UsageError, match="encrypted with another key"):
        keyring.keep_root(store, Cipher(NEW))

    keyring.keep_root(store, Cipher(OLD))
    with pytest.raises(UsageError, match="encrypted with another key"):
        keyring.keep_root(store, Cipher(NEW))


def test_what_was_derived_is_the_same_after_every_rotation(store: Store) -> None:
    first = Cipher(OLD).derive("forgotten")
    keyring.keep_root(store, Cipher(OLD))

    keyring.reseal(store, Cipher(NEW, OLD))
    keyring.reseal(store, Cipher(OTHER, NEW, OLD))

    assert keyring.rooted(store, Cipher(OTHER)).derive("forgotten") == first


def test_before_the_root_is_kept_the_oldest_key_is_it() -> None:
    assert Cipher(NEW, OTHER, OLD).derive("x") == Cipher(OLD).derive("x")


def test_who_was_forgotten_stays_so_over_a_rotation(store: Store) -> None:
    person: dict[str, Any] = {"email": ["ada@example.org"]}
    keyring.keep_root(store, Cipher(OLD))
    forgotten.use_key(store, lambda: keyring.rooted(store, Cipher(OLD)).derive("forgotten"))
    with store.write() as tx:
        forgotten.remember(tx, "loc1", person, [], now=1.0)

    keyring.reseal(store, Cipher(NEW, OLD))

    forgotten.use_key(store, lambda: keyring.rooted(store, Cipher(NEW)).derive("forgotten"))
    with store.read() as tx:
        assert forgotten.has(tx, "loc1", {"email": "ada@example.org"})


def test_the_root_is_encrypted_like_a_token(store: Store) -> None:
    keyring.keep_root(store, Cipher(OLD))
    with store.read() as tx:
        sealed = tx.execute(select(secrets.c.sealed)).scalar_one()
    assert OLD not in bytes(sealed)
    assert Cipher(OLD).decrypt(bytes(sealed)) == OLD.decode()
