"""The official specification, where it is: beside the project, or where ROLLBOOK_SPEC says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.conformance import deviations, scenario, specification
from ops.conformance.checker import Checker
from ops.conformance.exchange import Exchange
from ops.conformance.place import WORLD
from ops.conformance.specification import Specification
from ops.conformance.witness import watched

BESIDE = Path(__file__).parents[3] / "shared" / "ghl" / "openapi"
NAMED = os.environ.get("ROLLBOOK_SPEC")  # read now: the session takes such names away


@pytest.fixture(scope="session")
def folder() -> Path:
    """The folder; skipped where there is none, but CI must have what it names."""
    found = Path(NAMED) if NAMED else BESIDE
    if not found.is_dir():
        if NAMED and os.environ.get("CI"):
            pytest.fail(f"ROLLBOOK_SPEC names {NAMED}, which is not there")
        pytest.skip("no specification: it lies beside the project or where ROLLBOOK_SPEC says")
    return found


@pytest.fixture(scope="session")
def published(folder: Path) -> Specification:
    """What the folder says."""
    return specification.read(folder)


@pytest.fixture(scope="session")
def played(folder: Path) -> Sequence[Exchange]:
    """The scenario, once for all tests."""
    with watched(WORLD) as (control, witness):
        scenario.whole(control)
    return witness.seen


@pytest.fixture(scope="session")
def checker(published: Specification) -> Checker:
    """The specification with all deviations."""
    return Checker(published, deviations.applying(deviations.load(), published))
