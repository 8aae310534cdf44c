"""One request and its answer against the specification of its generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.conformance.deviations import Deviation, corrected
from ops.conformance.exchange import Exchange
from ops.conformance.specification import DATED, GENERATIONS, Json, Specification

if TYPE_CHECKING:
    from ops.conformance.side import Side


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that the specification has otherwise.

    Attributes:
        operation: method and path of the specification, or as asked where it has none.
        side: ``request`` or ``answer``.
        where: the place in the body; empty: not in a body.
    """

    generation: str
    operation: str
    side: str
    where: str
    what: str

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.operation} ({self.generation}): {self.side}{place}: {self.what}"


class Checker:
    """A specification with corrections, ready to check against. Not for several threads."""

    def __init__(self, specification: Specification, deviations: Sequence[Deviation]) -> None:
        self._specification = specification
        self._deviations = deviations
        self._sides: dict[str, Side] = {}

    def operation(self, exchange: Exchange) -> str | None:
        """Method and path of the specification that an exchange is about; None: it has none."""
        return self._side(exchange.generation).operation(exchange)

    def generation(self, exchange: Exchange) -> str:
        """Which one's specification it is checked against: one without a version, the dated."""
        return self._side(exchange.generation).generation

    def paths(self, generation: str) -> Json:
        """The paths of a generation, corrected."""
        return self._side(generation).paths

    def violations(self, exchange: Exchange) -> tuple[Violation, ...]:
        """What is wrong with an answer, and with a request of our own client."""
        side = self._side(exchange.generation)
        operation = side.operation(exchange)
        if operation is None:
            asked = f"{exchange.method} {exchange.path}"
            what = "the specification has no such call"
            return (Violation(side.generation, asked, "request", "", what),)
        found = [("answer", *one) for one in side.answer_errors(exchange)]
        if exchange.ours:
            found += [("request", *one) for one in side.request_errors(exchange, operation)]
        return tuple(Violation(side.generation, operation, *one) for one in found)

    def _side(self, version: str) -> Side:
        from ops.conformance.side import Side  # 0.4 s, and there only with the extra

        generation = version if version in GENERATIONS else DATED
        if generation not in self._sides:
            paths, schemes = corrected(self._specification, generation, self._deviations)
            self._sides[generation] = Side(generation, paths, schemes)
        return self._sides[generation]
