"""Only who holds the CRM's key gets in, and nothing that is left out opens the door."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contacts.errors import UsageError
from contacts.settings import load
from producers.signature import Keys, same_secret

THEIRS = Ed25519PrivateKey.generate()
THEIRS_OLDER = rsa.generate_private_key(65537, 2048)
BODY = b'{"type":"ContactUpdate","id":"abc","firstName":"J\xc3\xb6rg"}'


def signed(body: bytes, key: Ed25519PrivateKey = THEIRS) -> str:
    return base64.b64encode(key.sign(body)).decode()


def signed_older(body: bytes) -> str:
    return base64.b64encode(THEIRS_OLDER.sign(body, PKCS1v15(), hashes.SHA256())).decode()


@pytest.fixture
def keys() -> Keys:
    return Keys(THEIRS.public_key(), THEIRS_OLDER.public_key())


@pytest.fixture
def only_current() -> Keys:
    return Keys(THEIRS.public_key())


def test_their_signature_is_theirs(keys: Keys) -> None:
    assert keys.complaint(BODY, signed(BODY), None) is None


def test_their_older_signature_is_theirs(keys: Keys) -> None:
    assert keys.complaint(BODY, None, signed_older(BODY)) is None


def test_their_older_signature_proves_nothing_unless_it_is_switched_on(only_current: Keys) -> None:
    assert "is not accepted" in str(only_current.complaint(BODY, None, signed_older(BODY)))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(BODY + b" ", id="a blank more"),
        pytest.param(BODY.replace(b":", b": "), id="the same JSON in other bytes"),
        pytest.param(BODY.replace(b"abc", b"abd"), id="another id"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_other_bytes_do_not_fit(keys: Keys, changed: bytes) -> None:
    assert keys.complaint(changed, signed(BODY), None) is not None
    assert keys.complaint(changed, None, signed_older(BODY)) is not None


@pytest.mark.parametrize("nothing", [None, "", "N/A"])
def test_a_body_without_a_signature_is_refused(keys: Keys, nothing: str | None) -> None:
    assert keys.complaint(BODY, nothing, nothing) == "no x-ghl-signature"


@pytest.mark.parametrize("rubbish", ["x", "====", "AAAA", "ü" * 8, "A" * 88, "A" * 100_000])
def test_rubbish_is_refused(keys: Keys, rubbish: str) -> None:
    assert keys.complaint(BODY, rubbish, None) is not None
    assert keys.complaint(BODY, None, rubbish) is not None


def test_somebody_elses_key_does_not_fit(keys: Keys) -> None:
    assert keys.complaint(BODY, signed(BODY, Ed25519PrivateKey.generate()), None) is not None


def test_a_bad_current_signature_is_not_saved_by_a_good_older_one(keys: Keys) -> None:
    assert keys.complaint(BODY, signed(b"other"), signed_older(BODY)) is not None


def test_the_older_one_decides_where_the_current_one_is_not_given(keys: Keys) -> None:
    assert keys.complaint(BODY, "N/A", signed_older(BODY)) is None


# ---------------------------------------------------------------- from the settings


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, so that no .env of the developer's is found."""
    monkeypatch.chdir(tmp_path)


def test_with_nothing_set_the_published_key_decides() -> None:
    keys = Keys.from_settings(load())

    assert keys.complaint(BODY, signed(BODY), signed_older(BODY)) is not None


@pytest.mark.parametrize("name", ["ROLLBOOK_WEBHOOK_KEY", "ROLLBOOK_WEBHOOK_OLDER_KEY"])
def test_an_empty_key_in_the_environment_switches_nothing_off(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "")

    assert Keys.from_settings(load()).complaint(BODY, None, None) is not None


def test_a_key_that_is_none_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match=r"ROLLBOOK_WEBHOOK_KEY is not an Ed25519 public key"):
        load(webhook_key="none")


def test_keys_can_be_set() -> None:
    pems = [
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        for key in (THEIRS, THEIRS_OLDER)
    ]
    keys = Keys.from_settings(
        load(webhook_key=pems[0], webhook_older_key=pems[1], webhook_older_signature=True)
    )

    assert keys.complaint(BODY, signed(BODY), None) is None
    assert keys.complaint(BODY, None, signed_older(BODY)) is None


# ---------------------------------------------------------------- the secret


def test_who_knows_the_secret_gets_in() -> None:
    assert same_secret("correct-horse-battery", "correct-horse-battery")


@pytest.mark.parametrize("given", [None, "", "correct-horse-batter", "CORRECT-HORSE-BATTERY", "ü"])
def test_who_does_not_know_the_secret_stays_outside(given: str | None) -> None:
    assert not same_secret(given, "correct-horse-battery")
