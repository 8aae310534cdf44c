"""docker-compose.yml: valid, closed to the outside, and with no secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

TOP = Path(__file__).parents[2]
OURS = ("migrate", "worker", "dispatcher", "beat", "receiver", "feed", "flower", "simulator")
SERVICES = ("redis", "postgres", *OURS)
LASTING = tuple(name for name in SERVICES if name != "migrate")

Compose = Callable[..., dict[str, Any]]


@pytest.fixture
def services(compose: Compose) -> dict[str, dict[str, Any]]:
    """The services by name."""
    return dict(compose()["services"])


def test_it_follows_the_schema_of_compose(compose: Compose) -> None:
    package = pytest.importorskip(
        "check_jsonschema", reason="carries the Compose specification's schema"
    )
    path = resources.files(package) / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    # The file as it is written, and as it is once the variables are in.
    for config in (yaml.safe_load((TOP / "docker-compose.yml").read_text()), compose()):
        errors = list(Draft7Validator(schema).iter_errors(config))
        assert not errors, errors[0].message


def test_it_has_every_service_and_the_stand_in_only_for_the_demo(
    services: dict[str, dict[str, Any]],
) -> None:
    assert set(services) == set(SERVICES)
    assert {name for name, one in services.items() if "profiles" in one} == {"simulator"}
    assert services["simulator"]["profiles"] == ["demo"]


def test_without_a_password_for_the_database_it_says_what_is_missing(compose: Compose) -> None:
    with pytest.raises(KeyError, match="put a password of your own"):
        compose(POSTGRES_PASSWORD="")


def test_no_secret_is_written_in_it() -> None:
    read = yaml.safe_load((TOP / "docker-compose.yml").read_text())
    for service in read["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    assert not re.search(r"://[^/\s]*:[^/\s]*@", (TOP / "docker-compose.yml").read_text())


def test_every_port_is_on_loopback(services: dict[str, dict[str, Any]]) -> None:
    ports = {name: one["ports"] for name, one in services.items() if "ports" in one}
    assert set(ports) == {"flower", "receiver", "simulator"}
    assert all(port.startswith("127.0.0.1:") for some in ports.values() for port in some)


def test_redis_and_the_database_cannot_be_reached_from_outside(
    compose: Compose, services: dict[str, dict[str, Any]]
) -> None:
    assert compose()["networks"]["belt"] == {"internal": True}
    assert services["redis"]["networks"] == services["postgres"]["networks"] == ["belt"]


def test_redis_keeps_its_file_and_throws_nothing_away(
    services: dict[str, dict[str, Any]],
) -> None:
    command = services["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


def test_what_must_outlive_a_container_is_in_a_named_volume(
    compose: Compose, services: dict[str, dict[str, Any]]
) -> None:
    mounted = {
        name: [volume.partition(":")[0] for volume in one.get("volumes", [])]
        for name, one in services.items()
    }
    assert mounted["redis"] == ["redis"]
    assert mounted["postgres"] == ["postgres"]
    assert all(mounted[name] == ["home"] for name in OURS if name != "simulator")
    assert set(compose()["volumes"]) == {"home", "redis", "postgres"}


@pytest.mark.parametrize("name", LASTING)
def test_what_dies_is_started_again_and_what_is_ill_is_seen(
    name: str, services: dict[str, dict[str, Any]]
) -> None:
    service = services[name]
    assert service["restart"] == "unless-stopped"
    assert service["init"] is True
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["stop_grace_period"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_nothing_but_run(
    name: str, services: dict[str, dict[str, Any]]
) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert "user" not in service  # the image's own


@pytest.mark.parametrize("name", ["worker", "dispatcher", "beat", "receiver", "flower"])
def test_processes_wait_for_redis_and_for_the_tables(
    name: str, services: dict[str, dict[str, Any]]
) -> None:
    needs = {other: need["condition"] for other, need in services[name]["depends_on"].items()}
    assert needs == {
        "redis": "service_healthy",
        "postgres": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_a_worker_has_time_for_its_longest_call(services: dict[str, dict[str, Any]]) -> None:
    from contacts.settings import load
    from ops.running.commands import LAST_WORDS_S

    grace = int(services["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace > load().call_seconds + LAST_WORDS_S
