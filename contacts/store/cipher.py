"""The keys that encrypt the tokens in the database: one that encrypts, and older ones that still
read."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from contacts.errors import UsageError
from contacts.settings import Settings

WRONG_KEY: Final = (
    "a token in the database was encrypted with another key: set ROLLBOOK_SECRET_KEY to that key "
    "or add it to ROLLBOOK_OLD_SECRET_KEYS, or set the location's token again"
)

Reader = Callable[[], tuple[bytes, ...]]
"""Reads the keys anew: another process may have rotated them."""


class Cipher:
    """Fernet (AES-128-CBC with HMAC-SHA256); the first key encrypts, every one reads.

    Args:
        key: encrypts.
        older: keys before it, the newest first.
        root: what :meth:`derive` starts from; None: the oldest key, which was the only one once.
        reader: where the keys come from, if that may change while we run.
    """

    def __init__(
        self, key: bytes, *older: bytes, root: bytes | None = None, reader: Reader | None = None
    ) -> None:
        self._reader = reader
        self._use((key, *older))
        self.root = root or (older or (key,))[-1]
        """Fernet's form of a key; what is derived from it outlives every rotation."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Cipher:
        """The keys set, else those in HOME/secret.key, made at first use (mode 0600).

        Raises:
            UsageError: the file holds something else than keys, or older keys are set alone.
        """
        if settings.secret_key:
            old = settings.old_secret_keys
            words = (settings.secret_key, *(old.get_secret_value().split(",") if old else ()))
            return cls(
                *(
                    (word if isinstance(word, str) else word.get_secret_value()).strip().encode()
                    for word in words
                )
            )
        path = key_file(settings)
        if settings.old_secret_keys:
            raise UsageError(
                "ROLLBOOK_OLD_SECRET_KEYS goes with ROLLBOOK_SECRET_KEY; older keys beside "
                f"{path} are further lines of that file"
            )
        if not path.exists():
            write_keys(path, [Fernet.generate_key()], anew=True)

        def read() -> tuple[bytes, ...]:
            return read_keys(path)

        return cls(*read(), reader=read)

    def with_root(self, root: bytes) -> Cipher:
        """The same keys, deriving from another one."""
        return Cipher(*self._keys, root=root, reader=self._reader)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys as Fernet takes them, the one that encrypts first."""
        return self._keys

    def encrypt(self, text: str) -> bytes:
        """Encrypt a token with the newest key."""
        self._look_again()
        return self._all.encrypt(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Read an encrypted token.

        Raises:
            UsageError: it was encrypted with a key that is none of ours.
        """
        try:
            return self._all.decrypt(sealed).decode()
        except InvalidToken:
            if not self._look_again():
                raise UsageError(WRONG_KEY) from None
        return self.decrypt(sealed)

    def place(self, sealed: bytes) -> int | None:
        """Which of :attr:`keys` a token was encrypted with; None: with none of them."""
        for place, key in enumerate(self._keys):
            with contextlib.suppress(InvalidToken):
                Fernet(key).decrypt(sealed)
                return place
        return None

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only the root makes of the purpose, and always the same ones."""
        key = base64.urlsafe_b64decode(self.root)
        return hmac.digest(key, b"rollbook:" + purpose.encode(), "sha256")

    def _use(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys
        self._all = MultiFernet([Fernet(key) for key in keys])

    def _look_again(self) -> bool:
        """Take up keys that another process has written; returns whether there were any."""
        if self._reader is None:
            return False
        found = self._reader()
        if found == self._keys:
            return False
        self._use(found)
        return True


def key_file(settings: Settings) -> Path:
    """Where the keys are kept that nobody set."""
    return settings.home / "secret.key"


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys of a file, one a line, the newest first.

    Raises:
        UsageError: it is missing, or holds something else.
    """
    try:
        keys = tuple(path.read_bytes().split())
        for key in keys:
            Fernet(key)
    except (ValueError, OSError):
        keys = ()
    if not keys:
        raise UsageError(
            f"{path} is not a key: put the old one back (tokens were encrypted with it)"
        )
    return keys


def write_keys(path: Path, keys: Sequence[bytes], *, anew: bool = False) -> None:
    """Write a file of keys (0600).

    The whole file appears at once: nobody reads half of it.

    Args:
        anew: unless somebody else just did; of processes that start together, one makes the key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(b"\n".join(keys))
            new.flush()
            os.fsync(new.fileno())
        if anew:
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)
        else:
            os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
