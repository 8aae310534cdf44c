"""What goes wrong on request: errors, pages, silence, half answers, stalls."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from random import Random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from ops.simulator.latency import Chance


class Fault(BaseModel):
    """One thing that goes wrong, for whom, how often and when.

    Attributes:
        kind: ``error``: an answer of that status in the CRM's JSON; ``too-many``: a 429;
            ``html``: a page of somebody in between; ``drop``: the connection breaks without an
            answer; ``truncate``: it breaks in the middle of the answer; ``stall``: it comes late.
        when: before the work is done, or after it: then the work is done and nobody is told; or
            late: it is done by itself some time after the answer. ``too-many`` is always before,
            ``truncate`` always after.
        late_ms: when it is done: from half of so many milliseconds after the answer to all of it.
        status: of ``error`` and ``html``.
        message: what ``error`` says.
        retry_after_s: sent as ``Retry-After`` with ``error``, ``html`` and ``too-many``; None
            sends none.
        stall_ms: how late; before: the request arrives late, after: its answer.
        chance: that it strikes a call it applies to.
        times: how often it strikes; None is until told otherwise.
        operations: such as ``POST /contacts/{id}/notes``; none is all of them.
        location: of the token; None is all of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["error", "too-many", "html", "drop", "truncate", "stall"]
    when: Literal["before", "after", "late"] = "before"
    late_ms: NonNegativeFloat = 60_000.0
    status: Annotated[int, Field(ge=200, le=599)] = 503
    message: str = "Internal server error"
    retry_after_s: NonNegativeFloat | None = None
    stall_ms: NonNegativeFloat = 5000.0
    chance: Chance = 1.0
    times: PositiveInt | None = None
    operations: tuple[str, ...] = ()
    location: str | None = None

    @property
    def before(self) -> bool:
        """Whether it strikes before anything was done, and instead of it."""
        if self.kind in ("stall", "truncate"):
            return False
        return self.kind == "too-many" or self.when != "after"

    @property
    def late(self) -> bool:
        """Whether the work is done some time later."""
        return self.before and self.when == "late" and self.kind != "too-many"

    def applies(self, operation: str, location: str) -> bool:
        """Whether it is meant for this call."""
        return (not self.operations or operation in self.operations) and (
            self.location is None or self.location == location
        )


class Faults:
    """The faults that are on. The first that strikes a call is the call's fault."""

    def __init__(self, on: Iterable[Fault], random: Random) -> None:
        self._random = random
        self._numbers = count(1)
        self._on: dict[int, Fault] = {}
        self._left: dict[int, int] = {}
        for one in on:
            self.add(one)

    def add(self, fault: Fault) -> int:
        """Turn one on; returns its number."""
        number = next(self._numbers)
        self._on[number] = fault
        if fault.times is not None:
            self._left[number] = fault.times
        return number

    def clear(self, number: int | None = None) -> None:
        """Turn one off, or all of them."""
        for one in [number] if number is not None else list(self._on):
            self._on.pop(one, None)
            self._left.pop(one, None)

    def listed(self) -> list[dict[str, object]]:
        """Those that are on, with their number and how often they still strike."""
        return [
            {"number": number, "left": self._left.get(number), **fault.model_dump()}
            for number, fault in self._on.items()
        ]

    def strike(self, operation: str, location: str) -> Fault | None:
        """What goes wrong with this call; None if nothing does."""
        for number, fault in self._on.items():
            if not fault.applies(operation, location):
                continue
            if fault.chance < 1 and self._random.random() >= fault.chance:
                continue
            if number in self._left:
                self._left[number] -= 1
                if not self._left[number]:
                    self.clear(number)
            return fault
        return None
