"""Which processes run, and with which settings."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from contacts.settings import PREFIX, Settings, load
from ops.running.commands import DOERS, WATCHERS, commands, environment


def settings(tmp_path: Path, **changed: object) -> Settings:
    """Settings with a secret in each place that can hold one."""
    values: dict[str, object] = {
        "home": tmp_path,
        "redis_url": "redis://:hush-redis@127.0.0.1:6380/0",
        "database_url": "postgresql://rollbook:hush-database@127.0.0.1/rollbook",
        "crm_location": "loc1",
        "crm_token": "hush-token",
        "secret_key": Fernet.generate_key().decode(),
        "flower_password": "hush-flower",
        "log_json": True,
        "window_seconds": 2.5,
    }
    return load(**{**values, **changed})


def test_a_child_loads_the_very_settings_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = settings(tmp_path)
    for name, value in environment(ours, {}).items():
        monkeypatch.setenv(name, value)
    assert load() == ours


def test_an_override_wins_over_what_the_environment_said(tmp_path: Path) -> None:
    env = environment(settings(tmp_path, flower_port=5600), {"ROLLBOOK_FLOWER_PORT": "5555"})
    assert env["ROLLBOOK_FLOWER_PORT"] == "5600"


def test_home_is_the_same_folder_wherever_a_child_stands() -> None:
    assert environment(load(home=Path("here")), {})["ROLLBOOK_HOME"] == str(Path("here").absolute())


def test_what_was_not_set_stays_unset(tmp_path: Path) -> None:
    assert "ROLLBOOK_CRM_TOKEN" not in environment(load(home=tmp_path), {})


def test_no_secret_is_in_a_command(tmp_path: Path) -> None:
    ours = settings(tmp_path)
    lines = " ".join(word for command in commands(ours, [0]) for word in command.argv)
    assert "hush" not in lines
    assert ours.secret_key
    assert ours.secret_key.get_secret_value() not in lines


def test_every_command_is_a_module_that_exists(tmp_path: Path) -> None:
    for command in commands(settings(tmp_path), [0]):
        module = command.argv[2]
        found = importlib.util.find_spec(module)
        assert found is not None
        if found.submodule_search_locations:
            assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_who_begins_and_who_works_is_stopped_at_once_and_flower_hears_of_all(
    tmp_path: Path,
) -> None:
    stages = {c.name: c.stage for c in commands(settings(tmp_path), [0])}
    assert stages == {
        "dispatcher": DOERS,
        "beat": DOERS,
        "receiver": DOERS,
        "worker-1": DOERS,
        "flower": WATCHERS,
    }
    assert DOERS < WATCHERS


@pytest.mark.parametrize(
    ("processes", "cores", "kept"),
    [
        pytest.param(1, [1, 0], [1], id="one keeps to the first"),
        pytest.param(2, [4, 6], [4, 6], id="two keep to one each"),
        pytest.param(3, [0, 1], [None] * 3, id="more workers than cores"),
        pytest.param(2, [], [None] * 2, id="cores cannot be chosen here"),
    ],
)
def test_workers_keep_to_a_core_each_where_there_are_enough(
    processes: int, cores: list[int], kept: list[int | None], tmp_path: Path
) -> None:
    workers = [
        command
        for command in commands(settings(tmp_path, worker_processes=processes), cores)
        if command.name.startswith("worker")
    ]
    assert [worker.core for worker in workers] == kept
    assert [worker.env[f"{PREFIX}WORKER_NAME"] for worker in workers] == [
        f"worker-{n + 1}" for n in range(processes)
    ]


def test_a_running_call_has_time_to_end_before_its_worker_is_killed(tmp_path: Path) -> None:
    ours = settings(tmp_path, read_timeout=60, lease_seconds=120)
    workers = [command for command in commands(ours, [0]) if command.name.startswith("worker")]
    assert all(worker.grace_s > ours.call_seconds > 60 for worker in workers)
