"""The dictionary of a location's tags: their names and ids."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Final

_LETTERS: Final = string.ascii_letters + string.digits


class TagBook:
    """Names by id. Names are kept as they are typed, and two may differ in case alone.

    Ids are drawn from a stream of its own: a tag more or less must not change what else is random.
    """

    def __init__(self, location: str) -> None:
        self.names: dict[str, str] = {}
        self._spelled: Counter[str] = Counter()
        self._random = Random(location)

    def note(self, tags: Iterable[str], before: tuple[str, ...] = ()) -> None:
        """Tags that a contact got: those that are not in the dictionary come into it."""
        for one in tags:
            if one not in before and not self._spelled[one]:
                self.put(self.new_id(), one)

    def new_id(self) -> str:
        """Twenty letters and digits."""
        return "".join(self._random.choices(_LETTERS, k=20))

    def put(self, id: str, name: str) -> None:
        """A new tag, or another name of one."""
        self.remove(id)
        self.names[id] = name
        self._spelled[name] += 1

    def remove(self, id: str) -> None:
        """Forget a tag, if it is there."""
        old = self.names.pop(id, None)
        if old is not None:
            self._spelled[old] -= 1

    def has(self, name: str) -> bool:
        """Whether a tag is spelled so, letter by letter."""
        return self._spelled[name] > 0
