"""Options that several commands have: one wording for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

At = Annotated[
    str | None,
    typer.Option("--location", metavar="ID", help="Location in the CRM, if there are several."),
]

Map = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="PATH",
        help="The mapping. Without it: rollbook.toml, else a guess by the header.",
    ),
]
