"""Whether and how changes are told to a receiver, and what goes wrong on the way."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from ops.simulator.strict import Share, Strict


class Breaker(Strict):
    """When deliveries to an address are stopped (official webhook guide 2026).

    Attributes:
        on: whether it looks at all.
        least: webhooks of a period that are too few to judge.
        share: of them that must succeed.
        days: of a period; the first bad one is a warning, the next one pauses.
    """

    on: bool = False
    least: PositiveInt = 10_000
    share: Share = 0.9
    days: PositiveFloat = 3.0


class Webhooks(Strict):
    """The sender. It signs with keys of the stand-in's own.

    Attributes:
        url: where to; None: nowhere.
        events: whether changes are told at all; else only those that are asked for.
        own_changes: whether changes by calls of the API are told, or only those that people make.
        low_ms, high_ms: how late each one is; they overtake each other.
        double_chance, drop_chance: that one comes twice, or never.
        omits: properties that are left out, such as ``email``, or ``NoteCreate.contactId``.
        update_fields: properties whose change is told as ``ContactUpdate``; None: all.
        profile: of the two published policies of retrying; or ``fixed``: ``retries`` times after
            ``retry_ms``, whatever the answer was, if it was not 2xx.
        time_scale: what the waits of a profile and the breaker's days are multiplied by.
        timeout_s: how long an answer may take.
        new_id_on_retry: whether a retry has a ``webhookId`` of its own.
        delivery_header: name of a header that is the same for all tries; None: there is none.
        signature: by which keys; ``none``: the header says ``N/A``.
    """

    url: str | None = None
    events: bool = True
    own_changes: bool = True
    low_ms: NonNegativeFloat = 0.0
    high_ms: NonNegativeFloat = 0.0
    double_chance: Share = 0.0
    drop_chance: Share = 0.0
    omits: tuple[str, ...] = ()
    update_fields: tuple[str, ...] | None = None
    profile: Literal["fixed", "2025", "2026"] = "fixed"
    retries: Annotated[int, Field(ge=0, le=100)] = 12
    retry_ms: NonNegativeFloat = 1000.0
    time_scale: NonNegativeFloat = 1.0
    timeout_s: PositiveFloat = 10.0
    new_id_on_retry: bool = False
    delivery_header: str | None = None
    signature: Literal["ed25519", "rsa", "both", "none"] = "ed25519"
    breaker: Breaker = Breaker()
