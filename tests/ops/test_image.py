"""ops/Dockerfile: locked, small, not root, and made of what is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage: (word, the rest), lines joined."""
    text = (TOP / "ops" / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    pairs = [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)
    ]
    starts = [at for at, (word, _) in enumerate(pairs) if word == "FROM"]
    return [pairs[a:b] for a, b in zip(starts, [*starts[1:], len(pairs)], strict=True)]


def words(stage: list[tuple[str, str]], word: str) -> list[str]:
    """What the instructions of that word say."""
    return [rest for name, rest in stage if name == word]


def test_both_stages_begin_with_the_python_that_is_tested(
    stages: list[list[tuple[str, str]]],
) -> None:
    version = (TOP / ".python-version").read_text().strip()
    images = [words(stage, "FROM")[0].split()[0] for stage in stages]
    assert images == [f"python:{version}-slim-bookworm"] * 2


def test_it_does_not_run_as_root(stages: list[list[tuple[str, str]]]) -> None:
    (user,) = words(stages[-1], "USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    after = stages[-1][[name for name, _ in stages[-1]].index("USER") :]
    assert "RUN" not in [name for name, _ in after]


def test_only_locked_packages_with_known_hashes_are_installed(
    stages: list[list[tuple[str, str]]],
) -> None:
    installs = [run for stage in stages for run in words(stage, "RUN") if "pip install" in run]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert installs[1].endswith("pip install --no-deps .")
    assert "--hash=sha256:" in (TOP / "requirements.lock").read_text()


def test_no_tool_of_the_build_and_no_cache_is_in_the_result(
    stages: list[list[tuple[str, str]]],
) -> None:
    assert "PIP_NO_CACHE_DIR=1" in words(stages[0], "ENV")[0]
    assert words(stages[-1], "COPY") == ["--from=build /opt/rollbook /opt/rollbook"]
    assert not any("pip" in run for run in words(stages[-1], "RUN"))


def test_everything_that_is_copied_exists_and_is_sent_to_the_build(
    stages: list[list[tuple[str, str]]],
) -> None:
    rules = [
        line for line in (TOP / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    assert rules[0] == "*"
    copied = {name for copy in words(stages[0], "COPY") for name in copy.split()[:-1]}
    assert copied == sent
    assert all((TOP / name).exists() for name in copied)


@pytest.mark.parametrize("name", [".env", ".git", ".venv", ".rollbook", "tests", "docs"])
def test_no_secret_and_no_state_is_sent_to_the_build(name: str) -> None:
    sent = True
    for rule in (TOP / ".dockerignore").read_text().splitlines():
        if rule and rule[0] != "#" and fnmatch(name, rule.removeprefix("!").removeprefix("**/")):
            sent = rule.startswith("!")
    assert not sent


def test_every_package_of_the_project_is_in_the_image(
    stages: list[list[tuple[str, str]]],
) -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages <= {name for copy in words(stages[0], "COPY") for name in copy.split()}


def test_its_entry_point_is_a_command_of_the_project(
    stages: list[list[tuple[str, str]]],
) -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    (entry,) = words(stages[-1], "ENTRYPOINT")
    assert json.loads(entry)[0] in project["project"]["scripts"]


def test_no_secret_is_in_it(stages: list[list[tuple[str, str]]]) -> None:
    for stage in stages:
        for said in (*words(stage, "ENV"), *words(stage, "ARG")):
            assert not re.search("PASSWORD|TOKEN|SECRET|KEY", said)


WITHOUT_THE_OTHERS = """
import importlib, json, pkgutil, sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec

locked = {"rollbook", *sys.argv[1:]}
absent = {
    module for module, owners in packages_distributions().items()
    if not locked & {owner.lower().replace("_", "-") for owner in owners}
}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
for name in ("contacts", "producers", "worker", "ops.running", "ops.simulator"):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not found.name.endswith(("__main__", "migrations.env")):
            importlib.import_module(found.name)
# What is loaded by its name in a setting or an address.
for name in ("kombu.transport.redis", "celery.concurrency.thread", "celery.worker.consumer",
             "celery.beat", "flower.app", "sqlalchemy.dialects.postgresql.psycopg", "psycopg",
             "sqlalchemy.dialects.sqlite.pysqlite", "alembic.command", "hiredis", "uvloop"):
    importlib.import_module(name)
"""


def test_nothing_that_runs_needs_a_package_that_only_developers_have() -> None:
    lock = (TOP / "requirements.lock").read_text()
    locked = re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==", lock, flags=re.MULTILINE)
    assert "kombu" in locked
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_THE_OTHERS, *locked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
