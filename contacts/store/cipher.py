"""The key that encrypts the tokens in the database."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from contacts.errors import UsageError
from contacts.settings import Settings


class Cipher:
    """Fernet (AES-128-CBC with HMAC-SHA256) under one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        self._key = base64.urlsafe_b64decode(key)

    @classmethod
    def from_settings(cls, settings: Settings) -> Cipher:
        """The key set, else the one in HOME/secret.key, made at first use (mode 0600).

        Raises:
            UsageError: the file is not a key.
        """
        if settings.secret_key:
            return cls(settings.secret_key.get_secret_value().encode())
        path = settings.home / "secret.key"
        if not path.exists():
            _make_key(path)
        try:
            return cls(path.read_bytes().strip())
        except ValueError:
            raise UsageError(
                f"{path} is not a key: put the old one back (tokens were encrypted with it)"
            ) from None

    def encrypt(self, text: str) -> bytes:
        """Encrypt a token."""
        return self._fernet.encrypt(text.encode())

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this key makes of the purpose, and always the same ones."""
        return hmac.digest(self._key, b"rollbook:" + purpose.encode(), "sha256")

    def decrypt(self, sealed: bytes) -> str:
        """Read an encrypted token.

        Raises:
            UsageError: it was encrypted with another key.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise UsageError(
                "a token in the database was encrypted with another key: set ROLLBOOK_SECRET_KEY "
                "to that key, or set the location's token again"
            ) from None


def _make_key(path: Path) -> None:
    """Write a new key (0600), unless somebody else just did.

    The whole file appears at once: of processes that start together, one makes the key, and
    nobody reads half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(Fernet.generate_key())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        os.unlink(beside)
