"""What a contact's next change of tags in the CRM is: some tags added, or some removed.

A change that both adds and removes takes two calls, whoever makes them. What is to be added goes
first, and contacts that are owed the same additions go together, whatever is to be removed from
each of them. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delta:
    """One call's change, the same for each contact that it is made for."""

    adds: bool
    tags: frozenset[str]

    @property
    def mark(self) -> int:
        """A number by which the same change is known again, signed, 64 bits."""
        words = "\x1f".join(["add" if self.adds else "remove", *sorted(self.tags)])
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], signed=True)

    def left(self, there: Collection[str]) -> frozenset[str]:
        """Of these tags, those of which a contact with the tags ``there`` shows no change."""
        return self.tags - frozenset(there) if self.adds else self.tags & frozenset(there)


def first(add: Collection[str], remove: Collection[str]) -> Delta | None:
    """The next call's change of a contact that is owed these; None: it is owed nothing."""
    if add:
        return Delta(True, frozenset(add))
    return Delta(False, frozenset(remove)) if remove else None
