"""README.md names every switch, call and count, and opens with what is not imitated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import ops.simulator
from ops.simulator import (
    config,
    coursehost,
    faults,
    latency,
    oauth_admin,
    oauth_settings,
    routes,
    seeding,
    webhook_settings,
)  # fmt: skip

README = (Path(ops.simulator.__file__).parent / "README.md").read_text("utf-8")
MODELS: tuple[type[BaseModel], ...] = (
    config.Config, config.Location, config.CustomField, config.Token, config.Limits,
    config.Foreign, config.Quirks, faults.Fault, seeding.Seed, seeding.Seeds, seeding.Merge,
    config.Webhooks, webhook_settings.Breaker, seeding.Restoring, config.Mangling,
    config.CourseHost, config.Course, coursehost.Deed,
    oauth_settings.App, oauth_settings.OAuth, oauth_admin.Installation, oauth_admin.Expiry,
    latency.Constant,
    latency.Uniform, latency.Lognormal, latency.HeavyTail, latency.Freeze,
)  # fmt: skip


def named() -> set[str]:
    """Everything between backticks, lists without their brackets."""
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    return {one.removesuffix("[]") for one in re.findall(r"`([^`]+)`", prose)}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_switch_is_named(model: type[BaseModel]) -> None:
    assert set(model.model_fields) - named() == set()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_choice_is_named(model: type[BaseModel]) -> None:
    choices = re.findall(r'"enum": \[([^\]]*)\]', json.dumps(model.model_json_schema()))
    found = {one for some in choices for one in json.loads(f"[{some}]")} - {None}
    assert {str(one) for one in found} - named() == set()


def test_every_call_is_named() -> None:
    table = README[README.index("| call | quirks |") : README.index("Every one:")]
    for operation in routes.OPERATIONS:
        method, _, path = operation.partition(" ")
        assert re.search(rf"^\| .*`{method}.*{re.escape(path)}`", table, re.MULTILINE), operation


def test_every_count_is_named(simulator: Any) -> None:
    one = simulator()
    one.fault("html")
    assert set(one.report()) - named() == set()
    assert set(one.oauth()) - named() == set()


def test_it_opens_with_what_it_does_not_imitate() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    assert headings[1] == "What it does not imitate"
