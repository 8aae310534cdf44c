"""``rollbook conformance``: is what we say to the CRM as its official specification has it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producers.cli.processes import become


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(conformance)


def conformance(
    spec: Annotated[
        Path,
        typer.Option(
            "--spec",
            metavar="DIR",
            help="Folder of the CRM's specification: "
            "https://github.com/GoHighLevel/highlevel-api-docs",
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")] = False,
) -> None:
    """Check our requests and the stand-in's answers against the CRM's official specification.

    It plays every operation in both generations of the API against the stand-in, here, and calls
    nobody else. Needs the extra `conformance`. Exit code 1: something does not conform.
    """
    # The folder as it is from here, whatever else the process may find around itself.
    become("ops.conformance", "--spec", str(spec.absolute()), *(["--json"] if json else []))
