"""Two machines whose clocks are 10 s apart, in short: one process of each role is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.bench import servers
from ops.prove import machines
from ops.prove.machine import ROLES, SKEWED, Machine


@pytest.mark.journey
@pytest.mark.redis
@pytest.mark.postgres
def test_two_machines_with_wrong_clocks_lose_and_double_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    with servers.database(postgres_url) as database:
        assert database is not None
        proof = machines.prove(tmp_path, database, 30, tell=print)

    assert [one for one in proof.findings if not one.good] == []
    assert [round(skew) for skew in proof.skews] == [-5, 5]
    assert {name.split()[0] for name in proof.kills} == {*ROLES, "redis"}


@pytest.mark.parametrize(
    "look",
    [
        pytest.param("time.time()", id="time"),
        pytest.param("time.time_ns() / 1e9", id="nanoseconds"),
        pytest.param("datetime.datetime.now(datetime.UTC).timestamp()", id="datetime"),
        pytest.param(
            "pickle.loads(pickle.dumps(datetime.datetime.now(datetime.UTC))).timestamp()",
            id="a datetime that was put away",
        ),
    ],
)
def test_a_machine_of_the_proof_is_wrong_whomever_it_asks(tmp_path: Path, look: str) -> None:
    machine = Machine("east", -3600.0, tmp_path, dict(os.environ))
    code = f"import datetime, pickle, time; print({look})"

    shown = [
        float(subprocess.check_output([sys.executable, "-c", code], env=env))
        for env in (machine.own_env, os.environ)
    ]

    assert machine.own_env["PYTHONPATH"].startswith(str(SKEWED))
    assert 3500 < shown[1] - shown[0] < 3601
