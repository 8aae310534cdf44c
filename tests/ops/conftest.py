"""docker-compose.yml as Compose reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<word>[^}]*))?\}")


def fill(value: Any, env: Mapping[str, str]) -> Any:
    """Put the environment's values in: ``${A}``, ``${A:-default}``, ``${A:?it is needed}``.

    Raises:
        KeyError: with the message of a variable that is needed.
    """
    if isinstance(value, dict):
        return {name: fill(one, env) for name, one in value.items()}
    if isinstance(value, list):
        return [fill(one, env) for one in value]
    return (
        VARIABLE.sub(lambda found: _value(found, env), value) if isinstance(value, str) else value
    )


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    known = env.get(found["name"], "")
    if known or found["kind"] is None:
        return known
    if found["kind"] == ":?":
        raise KeyError(found["word"])
    return found["word"]


@pytest.fixture(scope="session")
def compose() -> Callable[..., dict[str, Any]]:
    """Reads docker-compose.yml with these variables set."""
    text = (TOP / "docker-compose.yml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)

    def filled(**env: str) -> dict[str, Any]:
        return dict(fill(read, {"POSTGRES_PASSWORD": "made-up", **env}))

    return filled
