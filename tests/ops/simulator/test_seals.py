"""Signatures of webhooks: official webhook guide 2026."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ops.simulator.seals import CURRENT, LEGACY, Seals

BODY = b'{"type":"ContactCreate"}'


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        pytest.param("ed25519", {CURRENT}, id="after 2026-09-01"),
        pytest.param("both", {CURRENT, LEGACY}, id="before"),
        pytest.param("rsa", {LEGACY}, id="long before"),
    ],
)
def test_which_headers_sign(kind: str, names: set[str]) -> None:
    assert set(Seals().headers(BODY, kind)) == names  # type: ignore[arg-type]


def test_what_is_not_signed_says_so() -> None:
    assert Seals().headers(BODY, "none") == {CURRENT: "N/A"}


def test_the_body_alone_is_signed_by_both_keys() -> None:
    seals = Seals()
    found = seals.headers(BODY, "both")
    current, legacy = (
        load_pem_public_key(seals.public_key.encode()),
        load_pem_public_key(seals.legacy_public_key.encode()),
    )
    assert isinstance(current, Ed25519PublicKey)
    assert isinstance(legacy, RSAPublicKey)
    current.verify(base64.b64decode(found[CURRENT]), BODY)
    legacy.verify(base64.b64decode(found[LEGACY]), BODY, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        current.verify(base64.b64decode(found[CURRENT]), BODY + b" ")
