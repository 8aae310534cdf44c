"""The keys that webhooks are signed with: the stand-in's own, of both kinds.

``X-GHL-Signature`` is Ed25519 and stays; ``X-WH-Signature`` is RSA-SHA256 (PKCS#1 v1.5), whose end
was announced for 2026-09-01 (official webhook guide 2026). What is signed is the body alone.
"""

from __future__ import annotations

import base64
from functools import cached_property
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURRENT: Final = "x-ghl-signature"
LEGACY: Final = "x-wh-signature"
UNSIGNED: Final = "N/A"

RSA_BITS: Final = 2048
"""The real key has 4096; one of these takes a tenth of the time to make."""

Kind = Literal["ed25519", "rsa", "both", "none"]


class Seals:
    """Two key pairs. The RSA one takes 100 ms and is made when it is first needed."""

    def __init__(self) -> None:
        self._ed25519 = Ed25519PrivateKey.generate()

    @cached_property
    def _rsa(self) -> RSAPrivateKey:
        return generate_private_key(65_537, RSA_BITS)

    @property
    def public_key(self) -> str:
        """The PEM of Ed25519."""
        return _pem(self._ed25519)

    @property
    def legacy_public_key(self) -> str:
        """The PEM of RSA."""
        return _pem(self._rsa)

    def headers(self, body: bytes, kind: Kind) -> dict[str, str]:
        """The headers that sign a body."""
        found = {}
        if kind in ("ed25519", "both"):
            found[CURRENT] = _text(self._ed25519.sign(body))
        if kind in ("rsa", "both"):
            found[LEGACY] = _text(self._rsa.sign(body, PKCS1v15(), SHA256()))
        return found or {CURRENT: UNSIGNED}


def _text(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def _pem(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    found = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()
