"""A file that appears when it is whole, and belongs to its owner alone where it holds people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from contacts.errors import UsageError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o666
"""But for what the user's umask takes away."""


@contextmanager
def writing(path: Path, *, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Open the file that is to be; nothing is left of it when the block fails.

    Args:
        mode: of a new file; one that lay there before is replaced, and so is its mode.

    Raises:
        UsageError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        try:
            # EXCL: whoever made a file of that name meanwhile does not choose who may read it.
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
