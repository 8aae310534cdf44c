"""Ours and what was agreed: what does the CRM still owe us, and what did it take?

Pure: no clock, no store, no log. Values are cleaned ones by our field names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contacts.cleaning import Value
from contacts.contact import fingerprint


def unsent(
    ours: Mapping[str, Value], agreed: Mapping[str, Value], refused: Mapping[str, str]
) -> dict[str, Value]:
    """The fields that the CRM has to be told.

    Args:
        ours: our values; a field that is absent is not ours to say.
        agreed: what both sides held when last compared.
        refused: fingerprint of the value that the CRM silently dropped, by field: the same value
            is not sent again, another one is.
    """
    return {
        name: value
        for name, value in ours.items()
        if agreed.get(name) != value and refused.get(name) != fingerprint(value)
    }


@dataclass(frozen=True, slots=True)
class Settled:
    """What is agreed after an answer.

    Attributes:
        agreed: values that both sides now hold.
        refused: as in :func:`unsent`.
        dropped: names of the fields that were sent just now and did not come back.
    """

    agreed: dict[str, Value]
    refused: dict[str, str]
    dropped: tuple[str, ...]


def settle(
    sent: Mapping[str, Value],
    theirs: Mapping[str, Value],
    agreed: Mapping[str, Value],
    refused: Mapping[str, str],
) -> Settled:
    """Compare what was sent with what the CRM answered. Every write is also a read.

    A field that was sent and did not come back equal is not agreed: its name is kept, with a
    fingerprint of the value, so that it is neither forgotten nor sent for ever.
    """
    taken = {name for name, value in sent.items() if theirs.get(name) == value}
    dropped = tuple(sorted(set(sent) - taken))
    now_agreed = {name: value for name, value in agreed.items() if name not in dropped}
    now_agreed |= {name: sent[name] for name in taken}
    now_refused = {name: mark for name, mark in refused.items() if name not in taken}
    now_refused |= {name: fingerprint(sent[name]) for name in dropped}
    return Settled(now_agreed, now_refused, dropped)
