"""What takes part: something that can be given a file, a live job and a kill -9."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ops.bench.world import Crm

Row = Mapping[str, str]
"""A row of the export, by its header."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a peer is asked to do.

    Attributes:
        folder: of its own, deleted at the end.
        file: the export.
        notes: each contact gets a note, which costs a second call.
    """

    folder: Path
    crm: Crm
    file: Path
    notes: bool


class Running(Protocol):
    """A peer at work."""

    @property
    def pids(self) -> Sequence[int]:
        """Whose CPU counts, with all that they started; looked at again and again."""

    def put(self) -> None:
        """Hand it the whole file. Returns when all of it is put, not when it is done."""

    def live(self, row: Row) -> None:
        """Hand it one row that is urgent, in the peer's own idiom; returns at once."""

    def kill(self) -> None:
        """kill -9 to everything but Redis, and the same command again, as a supervisor does."""

    def open(self) -> int:
        """Jobs that it has not brought to their end, by its own books; those that a dead worker
        held count as long as they can still come back."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who takes part.

    Attributes:
        name: of ``--peers``.
        title: of its column.
        how: how it was set up, for the reader of the figures.
        needs: the module that it cannot do without, if the project itself does not need it.
        start: starts it; it is ended with the context.
    """

    name: str
    title: str
    how: str
    start: Callable[[Order], AbstractContextManager[Running]]
    needs: str | None = None
