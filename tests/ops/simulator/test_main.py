"""``python -m ops.simulator`` as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "ops.simulator"]


def failed(*words: str) -> str:
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_well(tmp_path: Path, ends: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    world = json.dumps({"locations": [{"id": "school"}], "latency": {"kind": "constant"}})
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--ready-file", str(ready), "-c", world],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        give_up = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        told = json.loads(ready.read_text())
        assert told["pid"] == process.pid
        with httpx.Client(base_url=told["url"]) as client:
            assert "school" in client.get("/_simulator/report").json()["by_location"]
            process.send_signal(ends)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.count("\n") == 1
    assert told["url"] in out
    assert "school" in out


def test_a_mistake_in_the_config_is_one_line() -> None:
    said = failed("-c", '{"limits": {"per_windw": 3}}')
    assert said == "ops.simulator: limits.per_windw: no such field"


def test_a_mistake_in_a_word_is_one_line(tmp_path: Path) -> None:
    assert "No such file" in failed("--config", str(tmp_path / "none.json"))
    assert "is no folder" in failed("--ready-file", str(tmp_path / "none" / "ready.json"))
    assert "0 to 65535" in failed("--port", "65536")


def test_a_port_that_is_taken(simulator: object) -> None:
    port = simulator().url.rpartition(":")[2]  # type: ignore[operator]
    assert failed("--port", port).startswith(f"ops.simulator: cannot listen on 127.0.0.1:{port}: ")
