"""Is this really them? The CRM's signature over the raw bytes of a body; a secret where it signs
nothing."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from contacts import public_keys
from contacts.settings import Settings

SIGNATURE: Final = "x-ghl-signature"
OLDER: Final = "x-wh-signature"
SECRET: Final = "x-rollbook-secret"

NONE: Final = "N/A"
"""What the CRM writes where it has no signature: the header counts as absent."""


class Keys:
    """The CRM's public keys. There is no instance without a key, so none that checks nothing.

    Args:
        current: of ``X-GHL-Signature``.
        older: of ``X-WH-Signature``; None: that header proves nothing.
    """

    def __init__(self, current: Ed25519PublicKey, older: RSAPublicKey | None = None) -> None:
        self._current = current
        self._older = older

    @classmethod
    def from_settings(cls, settings: Settings) -> Keys:
        """The keys set, else the published ones; the older one only where it is switched on."""
        older = settings.webhook_older_key if settings.webhook_older_signature else None
        return cls(
            public_keys.ed25519(settings.webhook_key), public_keys.rsa(older) if older else None
        )

    def complaint(self, body: bytes, signature: str | None, older: str | None) -> str | None:
        """What is wrong with a signature.

        Where the current header is there, it alone decides: a bad one is not saved by the older.

        Args:
            body: as it came, byte for byte.
            signature, older: values of the two headers; None if absent.

        Returns:
            half a sentence; None: it is really them.
        """
        if _given(signature):
            return None if self._signed(body, str(signature)) else f"{SIGNATURE} does not fit"
        if _given(older):
            if self._older is None:
                return f"{OLDER} is not accepted (ROLLBOOK_WEBHOOK_OLDER_SIGNATURE)"
            return None if self._signed_older(body, str(older)) else f"{OLDER} does not fit"
        return f"no {SIGNATURE}"

    def _signed(self, body: bytes, signature: str) -> bool:
        try:
            self._current.verify(base64.b64decode(signature, validate=True), body)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def _signed_older(self, body: bytes, signature: str) -> bool:
        assert self._older is not None
        try:
            raw = base64.b64decode(signature, validate=True)
            self._older.verify(raw, body, PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def _given(header: str | None) -> bool:
    return bool(header) and header != NONE


def same_secret(given: str | None, secret: str) -> bool:
    """Whether somebody knows the secret; takes as long for a wrong one as for the right one."""
    return given is not None and hmac.compare_digest(given.encode(), secret.encode())
