"""One value that both sides may change: a note's text, a line of a task. Who moved last decides.

A side has moved if it holds another value than what both held when they were last compared, as in
``contacts.merge``. Fields have rules there; here there is one rule, the later edit, because a note
or a task has no owner.
"""

from __future__ import annotations

from dataclasses import dataclass

from contacts.cleaning import Value
from contacts.ruling import Side


@dataclass(frozen=True, slots=True)
class Met:
    """What comes of two sides that meet.

    Attributes:
        keeps: whose value both shall have.
        owed: the CRM has to be told.
        lost: whose edit does not get through; None: nobody's.
    """

    keeps: Side
    owed: bool = False
    lost: Side | None = None


def meet(
    agreed: Value | None,
    ours: Value | None,
    theirs: Value | None,
    *,
    ours_at: float | None = None,
    theirs_at: float | None = None,
) -> Met:
    """Compare three values.

    Args:
        agreed: what both held when they were last compared.
        ours_at, theirs_at: when each side was changed, seconds since the epoch. Where one is not
            known, or both are the same, ours counts: it is about to be sent, and theirs is kept in
            the history.
    """
    if ours == theirs:
        return Met(Side.OURS)
    if ours == agreed:
        return Met(Side.THEIRS)
    if theirs == agreed:
        return Met(Side.OURS, owed=True)
    if ours_at is not None and theirs_at is not None and theirs_at > ours_at:
        return Met(Side.THEIRS, lost=Side.OURS)
    return Met(Side.OURS, owed=True, lost=Side.THEIRS)
