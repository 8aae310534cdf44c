"""The published keys are keys, and a key may be written in every usual way."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contacts import public_keys

PEM = f"-----BEGIN PUBLIC KEY-----\n{public_keys.CURRENT}\n-----END PUBLIC KEY-----\n"


def der(key: ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_the_published_keys_are_the_published_ones() -> None:
    raw = public_keys.ed25519(public_keys.CURRENT).public_bytes_raw()
    older = der(public_keys.rsa(public_keys.OLDER))

    assert raw.hex() == "8b61d1d6cacbe28d7c3bc0516bb815258ec6edbba96cddc7f40c09ac708388e8"
    assert hashlib.sha256(older).hexdigest() == (
        "2f62045d413b1b7747e26770ce7f57840cbf86288cd20ceb90d299a62501fd25"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PEM, id="PEM"),
        pytest.param(PEM.replace("\n", "\\n"), id="PEM in one line"),
        pytest.param(public_keys.CURRENT, id="base64 alone"),
    ],
)
def test_a_key_may_be_written_in_every_usual_way(text: str) -> None:
    assert der(public_keys.ed25519(text)) == der(public_keys.ed25519(public_keys.CURRENT))


@pytest.mark.parametrize("text", ["", "x", "AAAA", PEM[:60], public_keys.OLDER])
def test_what_is_no_ed25519_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an Ed25519 public key"):
        public_keys.ed25519(text)


@pytest.mark.parametrize("text", ["", "AAAA", public_keys.CURRENT])
def test_what_is_no_rsa_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an RSA public key"):
        public_keys.rsa(text)
