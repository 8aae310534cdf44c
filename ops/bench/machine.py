"""What figures are of: the machine, the minute and the versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ops.bench.calibration import calibrate


def about(stack: Iterable[str]) -> dict[str, Any]:
    """The machine now, for the JSON of a bench.

    Args:
        stack: names of packages; the version of one that is not installed is None.
    """
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "calibration_ms": calibrate(),
        "versions": {name: _version(name) for name in stack},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
