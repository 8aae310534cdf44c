"""``python -m ops.conformance --spec DIR``: the same as `rollbook conformance`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from contacts.errors import UsageError

VIOLATED = 1
MISTAKE = 2


def main(words: list[str] | None = None) -> int:
    """Play the scenario and say what was found.

    Returns:
        the exit code: 0 all conforms, 1 something does not, 2 a mistake of the person's.
    """
    parser = argparse.ArgumentParser(prog="rollbook conformance", description=__doc__)
    parser.add_argument("--spec", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(words)
    try:
        return _run(asked.spec, json=asked.json)
    except UsageError as error:
        sys.stderr.write(f"rollbook: {error}\n")
        return MISTAKE


def _run(folder: Path, *, json: bool) -> int:
    if importlib.util.find_spec("openapi_core") is None:
        raise UsageError(
            "the check needs an OpenAPI validator: install it with "
            "pip install 'rollbook[conformance]'"
        )
    from rich.console import Console

    from ops.conformance import deviations, report, scenario, specification
    from ops.conformance.findings import judge
    from ops.conformance.place import WORLD
    from ops.conformance.witness import watched

    read = specification.read(folder)
    with watched(WORLD) as (control, witness):
        scenario.whole(control)
    found = judge(read, deviations.load(), witness.seen)
    if json:
        sys.stdout.write(report.as_json(found) + "\n")
    else:
        report.show(found, Console(highlight=False, width=None if sys.stdout.isatty() else 132))
    return 0 if found.good else VIOLATED


if __name__ == "__main__":
    sys.exit(main())
