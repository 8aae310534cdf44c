"""Small files of our own: private ones, and the lock on HOME."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from contacts.errors import UsageError

LOCK = "up.lock"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (0600), in one step: nobody sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(text)
    beside.replace(path)


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold HOME's lock: one `rollbook up` in a home. The kernel lets go of it when we die.

    Raises:
        UsageError: another one runs there.
    """
    import fcntl

    if not home.exists():
        home.mkdir(parents=True, mode=0o700)  # the embedded database holds personal data
    with (home / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise UsageError(
                f"another `rollbook up` (process {lock.read().strip() or 'unknown'}) runs in "
                f"{home.absolute()}: stop it, or set ROLLBOOK_HOME to another folder"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
