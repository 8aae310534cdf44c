"""A config with a mistake is refused in one line that names the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from ops.simulator import config
from ops.simulator.config import BadConfig


def read(**world: Any) -> config.Config:
    return config.read(orjson.dumps(world))


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ({"location": []}, "location: no such field"),
        ({"locations": [{"id": ""}]}, "locations.0.id: "),
        ({"locations": [{"id": "a", "country": "usa"}]}, "locations.0.country: "),
        ({"tokens": [{"token": "t", "kind": "pit"}]}, "tokens.0.kind: "),
        ({"tokens": [{"token": "t"}]}, "tokens.0: Value error, a token of kind pit-location needs"),
        ({"tokens": [{"token": "t", "location": "a"}]}, "names the location a, which is not"),
        ({"latency": {"kind": "slow"}}, "latency: "),
        ({"latency": {"kind": "constant", "ms": -1}}, "latency.constant.ms: "),
        ({"limits": {"window": "leaky"}}, "limits.window: "),
        ({"limits": {"per_window": 0}}, "limits.per_window: "),
        ({"quirks": {"nul": "clears"}}, "quirks.nul: no such field"),
        ({"faults": [{"kind": "drop", "chance": 2}]}, "faults.0.chance: "),
        ({"quirks": {"null": 1, "blank": 2}}, "(and 1 more)"),
    ],
)
def test_the_field_is_named(world: dict[str, Any], said: str) -> None:
    with pytest.raises(BadConfig) as caught:
        read(**world)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "3"])
def test_what_is_no_config_at_all(text: str) -> None:
    with pytest.raises(BadConfig, match=r"^config: "):
        config.read(text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="No such file"):
        config.read_file(tmp_path / "none.json")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"seed": 7}')
    assert config.read_file(tmp_path / "world.json").seed == 7


@pytest.mark.parametrize(
    ("given", "second"),
    [
        ({}, "phone"),
        ({"duplicate_primary": "phone"}, "email"),
        ({"duplicate_secondary": None}, None),
    ],
)
def test_the_second_field_for_duplicates(given: dict[str, Any], second: str | None) -> None:
    assert read(locations=[{"id": "a", **given}]).locations[0].duplicate_secondary == second


def test_a_change_leaves_what_it_does_not_name() -> None:
    old = read(limits={"per_window": 5}, quirks={"null": "ignored"}, seed=1)
    new = config.changed(old, {"limits": {"retry_after": "date"}})
    assert (new.limits.per_window, new.limits.retry_after) == (5, "date")
    assert (new.quirks, new.seed) == (old.quirks, 1)


def test_another_kind_of_latency_replaces_the_old_one() -> None:
    old = read(latency={"kind": "uniform", "low_ms": 1, "high_ms": 2})
    assert config.changed(old, {"latency": {"high_ms": 5}}).latency.high_ms == 5
    assert config.changed(old, {"latency": {"kind": "constant", "ms": 3}}).latency.ms == 3


def test_a_change_with_a_mistake_changes_nothing() -> None:
    with pytest.raises(BadConfig, match=r"^limits.headers: "):
        config.changed(read(), {"limits": {"headers": "perhaps"}})
