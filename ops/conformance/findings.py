"""What was checked, what violates, which deviations were needed, and what nobody asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contacts.catalogue import OPERATIONS, Operation
from ops.conformance.checker import Checker, Violation
from ops.conformance.deviations import Deviation, applying
from ops.conformance.exchange import Exchange
from ops.conformance.specification import GENERATIONS, Specification


@dataclass(frozen=True, slots=True)
class Checked:
    """What was seen of one operation in one generation.

    Attributes:
        requests: of our own client; their bodies and queries were checked.
        answers: of the stand-in.
        statuses: of those.
    """

    operation: Operation
    generation: str
    requests: int
    answers: int
    statuses: tuple[int, ...]
    violations: int


@dataclass(frozen=True, slots=True)
class Findings:
    """The whole result."""

    specification: Specification
    checked: tuple[Checked, ...]
    violations: tuple[Violation, ...]
    deviations: tuple[Deviation, ...]
    unneeded: tuple[Deviation, ...]

    @property
    def unasked(self) -> tuple[Checked, ...]:
        """Operations that our client never called, in a generation that has them."""
        return tuple(one for one in self.checked if not one.requests)

    @property
    def good(self) -> bool:
        """Whether everything conforms and everything was checked."""
        return not (self.violations or self.unneeded or self.unasked)


def judge(
    specification: Specification, deviations: Iterable[Deviation], exchanges: Sequence[Exchange]
) -> Findings:
    """Check everything.

    Raises:
        ValueError: a deviation corrects a place that is not there.
    """
    applied = applying(deviations, specification)
    checker = Checker(specification, applied)
    once = list({(checker.operation(one), one.shape()): one for one in exchanges}.values())
    wrong = [checker.violations(one) for one in once]
    violations = dict.fromkeys(each for some in wrong for each in some)
    counted = [(one, len(some)) for one, some in zip(once, wrong, strict=True)]
    seen: dict[tuple[str, str], list[Exchange]] = {}
    for one in exchanges:
        key = (checker.generation(one), checker.operation(one) or "")
        seen.setdefault(key, []).append(one)
    return Findings(
        specification,
        tuple(
            _checked(operation, generation, seen, violations)
            for operation in OPERATIONS
            for generation in GENERATIONS
            if operation.is_in(generation)
        ),
        tuple(violations),
        applied,
        tuple(one for one in applied if not _needed(one, applied, checker, specification, counted)),
    )


def called(operation: Operation, generation: str) -> str:
    """An operation as the specification calls it."""
    return f"{operation.method} {operation.shown_path(generation)}"


def _checked(
    operation: Operation,
    generation: str,
    seen: dict[tuple[str, str], list[Exchange]],
    violations: Iterable[Violation],
) -> Checked:
    name = called(operation, generation)
    exchanges = seen.get((generation, name), [])
    return Checked(
        operation,
        generation,
        requests=sum(one.ours for one in exchanges),
        answers=len(exchanges),
        statuses=tuple(sorted({one.status for one in exchanges})),
        violations=sum(one.operation == name for one in violations if one.generation == generation),
    )


def _needed(
    deviation: Deviation,
    applied: Sequence[Deviation],
    checker: Checker,
    specification: Specification,
    counted: Sequence[tuple[Exchange, int]],
) -> bool:
    """Whether something conforms with a deviation that does not conform without it.

    Args:
        counted: exchanges, each with its violations where all deviations apply.
    """
    without = Checker(specification, [one for one in applied if one is not deviation])
    touched = {
        (generation, f"{method.upper()} {path}")
        for generation in deviation.generations
        for path, methods in checker.paths(generation).items()
        for method, described in methods.items()
        if without.paths(generation).get(path, {}).get(method) != described
    }
    return any(
        deviation.fills or len(without.violations(one)) > violations
        for one, violations in counted
        if (checker.generation(one), checker.operation(one)) in touched
    )
