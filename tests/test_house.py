"""The house stands as planned: the arrows hold, every kind of job has a task, the map is true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from contacts import belt
from contacts.jobs import Kind
from worker.tasks import DEEDS

ROOT = Path(__file__).parents[1]
PACKAGES = ("contacts", "producers", "worker", "ops")
FORBIDDEN = {"utils", "helpers", "common", "core", "base", "manager", "handler", "misc"}


def modules() -> list[Path]:
    """Every module of ours."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_kind_of_job_has_a_deed() -> None:
    assert set(DEEDS) == set(Kind)


def test_every_lane_has_a_queue() -> None:
    assert belt.QUEUES == ("live", "bulk", "sweep")


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_opens_with_its_sentence(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    sentence = ast.get_docstring(tree) or ""

    assert sentence or not tree.body, "says nothing of itself"
    assert not re.match(rf"{path.stem}\b.{{0,12}}\.$", sentence, re.IGNORECASE)


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_is_named_for_what_it_does(path: Path) -> None:
    assert path.stem not in FORBIDDEN
    assert path.parent != ROOT
    # `python worker/app.py` puts worker/ first on the path: a queue.py there breaks the library.
    assert path.stem.startswith("__") or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", modules(), ids=name)
def test_nothing_happens_at_import(path: Path) -> None:
    """No engine, client, thread or reading of the environment at module level."""
    acts = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.If):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute) and inner.attr in ("environ", "getenv"):
                acts.append(inner.lineno)
            if isinstance(inner, ast.Call):
                called = ast.unparse(inner.func)
                if re.search(r"(create_engine|from_url|Thread|Client|Celery|basicConfig)$", called):
                    acts.append(inner.lineno)

    assert acts == []


@pytest.mark.parametrize("package", ["producers", "worker", "contacts/store", "worker/crm"])
def test_the_map_of_a_package_names_what_is_there(package: str) -> None:
    """Its docstring is the map: a word at the start of a line is a module or a folder."""
    folder = ROOT / package
    sentence = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    rows = [row for row in sentence.splitlines()[1:] if re.match(r"[a-z_/ ]+\s{2,}\S", row)]
    named = {word.rstrip("/") for row in rows for word in re.split(r"\s{2,}", row)[0].split()}
    there = {path.stem for path in folder.iterdir() if not path.name.startswith("_")}

    assert rows
    assert named <= there


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = (ROOT / "requirements-dev.lock").read_text("utf-8")
    names = [re.match(r"[A-Za-z0-9._-]+", one) for one in wanted]

    for one in names:
        assert one is not None
        assert re.search(rf"^{re.escape(one[0].lower())}(\[\w+\])?==", locked, re.MULTILINE), one[0]


def test_the_lock_files_name_no_registry() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / lock).read_text("utf-8")
