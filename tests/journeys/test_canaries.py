"""Names, emails, phones, texts and tokens are in the database, and in no other place that anybody
looks at: not in Redis, Flower, logs, metrics, messages, reasons, titles of processes, crash output.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import text

from contacts.store.tables import metadata
from ops.running.redis_server import free_port

from . import canaries

pytestmark = [pytest.mark.journey, pytest.mark.redis]

HERE = "loc_journey"

PEOPLE = {
    "a first name": "Kunigundeqx",
    "a last name": "Zwetschgeqx",
    "an email": "kuni.canaryqx@example.org",
    "a phone": "2025550147",
    "a note": "allergicqx",
    "a first name in the CRM": "Hildegardqx",
    "an email in the CRM": "hilde.canaryqx@example.org",
    "a note in the CRM": "widowedqx",
    "a name that was asked for": "Notburgaqx",
    "an email that was asked for": "notburga.canaryqx@example.org",
}
"""Each is in the database at the end, so each was everywhere where it could leak."""

SECRETS = {
    "the CRM's token": "pit-journey-1234567890",
    "the webhook secret": "hook-canaryqx-123456",
    "the platform secret": "door-canaryqx-123456",
    "the app's secret": "app-canaryqx-1234567",
    "Flower's password": "flower-canaryqx-1234",
    "Redis' password": "redis-canaryqx-12345",
    "the key": "Y2FuYXJ5cXgtY2FuYXJ5cXgtY2FuYXJ5cXgtMTIzNDU=",
}

MAPPING = """\
[fields]
first_name = "First name"
last_name = "Last name"
email = "Email"
phone = "Phone"

[[notes]]
template = "She is {Remark}"
"""

EXPORT = f"""\
First name,Last name,Email,Phone,Remark
{PEOPLE["a first name"]},{PEOPLE["a last name"]},{PEOPLE["an email"]},+1{PEOPLE["a phone"]},\
{PEOPLE["a note"]}
"""

CRASH = "rows quoted: " + ", ".join(PEOPLE.values())
"""What a database says of a row that it refuses."""


@pytest.fixture
def house(new_house: Any) -> Any:
    made = new_house(
        ROLLBOOK_LOG_LEVEL="debug",
        ROLLBOOK_WEBHOOK_SECRET=SECRETS["the webhook secret"],
        ROLLBOOK_PLATFORM_SECRET=SECRETS["the platform secret"],
        ROLLBOOK_OAUTH_CLIENT_ID="app-1",
        ROLLBOOK_OAUTH_CLIENT_SECRET=SECRETS["the app's secret"],
        ROLLBOOK_FLOWER_PASSWORD=SECRETS["Flower's password"],
        ROLLBOOK_FLOWER_PORT=str(free_port()),
        ROLLBOOK_SECRET_KEY=SECRETS["the key"],
    )
    password = SECRETS["Redis' password"]
    with redis.Redis(port=made.redis.port) as client:
        client.config_set("requirepass", password)
    made.env["ROLLBOOK_REDIS_URL"] = f"redis://:{password}@127.0.0.1:{made.redis.port}/0"
    return made


def test_nothing_of_anybody_is_found_where_it_must_not_be(house: Any) -> None:
    listener = canaries.Listener(house.redis.port, SECRETS["Redis' password"])
    url = house.receiver_at()
    house.crm.settings(webhooks={"url": f"{url}/webhooks/crm", "high_ms": 50})
    house.start_with_receiver(url, "dispatcher", "beat", "worker-1", "flower")

    outputs = _live_through(house)
    pages = _flower(house)
    house.crm.fault("stall", stall_ms=5000.0, times=1)
    _people_write(house, "still on its way")
    house.until(lambda: house.counts.released > 0, "a job is in the worker's hands")
    running = canaries.processes(one.pid for one in house.processes.values())
    house.kill("worker-1")  # with a call in the air
    for name in ("receiver", "dispatcher", "flower", "beat"):
        assert house.stop(name) == 0, house.said(name)
    told = listener.stop()

    places = {
        "what Redis was told": told,
        "what Redis kept": canaries.append_only_file(house.redis.folder),
        "Flower": pages,
        "titles of processes": running,
        "logs": b"".join(path.read_bytes() for path in house.folder.glob("*.log")),
        "commands": outputs.encode(),
        "what is shown of jobs": _shown(house),
    }
    words = {**PEOPLE, **SECRETS}
    assert canaries.report(places, words) == {}
    _every_place_was_full(places)
    stored = b"".join(path.read_bytes() for path in (house.folder / "home").glob("rollbook.db*"))
    asked = house.rollbook("call", "--answer", "1").encode()
    kept = canaries.found(stored + asked, PEOPLE.values())
    assert sorted(kept) == sorted(PEOPLE.values())
    assert canaries.found(stored, SECRETS.values()) == []


def _live_through(house: Any) -> str:
    """All that can go wrong goes wrong; returns what the commands said."""
    house.crm.fault("error", status=500, times=1, operations=["POST /contacts/"])
    house.crm.fault("error", status=422, times=1, operations=["POST /contacts/{id}/notes"],
                    message=f"{PEOPLE['an email']} is not allowed: {PEOPLE['a note']}")  # fmt: skip
    said = _backfill(house)
    said += _asked_for(house)
    _people_write(house, PEOPLE["a note in the CRM"])
    house.until(lambda: house.counts.open == 0, "all is done")
    _database_refuses(house, "links", "a deed broke")
    _receiver_breaks(house)
    for word in ("parked", "access-log", "doctor"):
        done = subprocess.run(
            [*house.command, word], env=house.env, cwd=house.folder, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        said += done.stdout + done.stderr
    return said


def _backfill(house: Any) -> str:
    (house.folder / "students.csv").write_text(EXPORT)
    (house.folder / "rollbook.toml").write_text(MAPPING)
    return str(house.rollbook("backfill", "students.csv", "--no-wait"))


def _asked_for(house: Any) -> str:
    """A call by name: its answer is shown to who asked, and kept encrypted."""
    body = {
        "firstName": PEOPLE["a name that was asked for"],
        "email": PEOPLE["an email that was asked for"],
    }
    (house.folder / "body.json").write_text(json.dumps(body))
    return str(house.rollbook("call", "contact.create", "--body", "body.json", "--no-wait"))


def _people_write(house: Any, note: str) -> None:
    """Somebody makes a contact in the CRM, with a note."""
    values = {
        "firstName": PEOPLE["a first name in the CRM"], "email": PEOPLE["an email in the CRM"]
    }  # fmt: skip
    known = {one["email"]: one["id"] for one in house.crm.contacts(HERE)}
    id = known.get(values["email"])
    house.crm.seed(HERE, {"values": values, "notes": [note]} | ({"id": id} if id else {}))


def _database_refuses(house: Any, table: str, line: str) -> None:
    """A deed's commit breaks, and the error quotes the row."""
    with _trigger(house, table):
        house.crm.seed(HERE, {"values": {"email": "another@example.org"}})
        house.until(lambda: line in house.said("worker-1"), "a defect in the log")
    house.until(lambda: house.counts.open == 0, "it was tried again")


def _receiver_breaks(house: Any) -> None:
    """A webhook cannot be kept, and the error quotes it."""
    with _trigger(house, "webhooks"):
        house.crm.seed(HERE, {"values": {"email": "third@example.org"}})
        house.until(lambda: "Error" in house.said("receiver"), "an error in the receiver's log")
    house.until(lambda: house.counts.open == 0, "all is done")


class _trigger:
    def __init__(self, house: Any, table: str) -> None:
        self._engine, self._table = house.store.engine, table

    def __enter__(self) -> None:
        with self._engine.begin() as tx:
            tx.execute(text(f"CREATE TRIGGER canary BEFORE INSERT ON {self._table} "
                            f"BEGIN SELECT RAISE(ABORT, '{CRASH}'); END"))  # fmt: skip

    def __exit__(self, *_: object) -> None:
        with self._engine.begin() as tx:
            tx.execute(text("DROP TRIGGER canary"))


def _flower(house: Any) -> bytes:
    """Everything that Flower shows: tables, each task, each worker, the broker, the metrics."""
    auth = ("rollbook", SECRETS["Flower's password"])
    address = f"http://127.0.0.1:{house.env['ROLLBOOK_FLOWER_PORT']}"
    with httpx.Client(base_url=address, auth=auth, trust_env=False, timeout=10) as flower:

        def page(path: str) -> str:
            answer = flower.get(path)
            return answer.text if answer.status_code == 200 else ""

        house.until(lambda: page("/api/tasks").count("SUCCESS") >= 5, "tasks in Flower")
        workers = json.loads(page("/api/workers?refresh=1") or "{}")
        tasks = json.loads(page("/api/tasks"))
        paths = ["/api/workers", "/api/tasks", "/workers", "/tasks", "/broker", "/metrics"]
        paths += [f"/task/{id}" for id in tasks] + [f"/worker/{name}" for name in workers]
        paths.append("/tasks/datatable?draw=1&start=0&length=100&search[value]=&order[0][column]=0"
                     "&order[0][dir]=asc&columns[0][data]=name")  # fmt: skip
        return "".join(page(path) for path in paths).encode()


def _shown(house: Any) -> bytes:
    """The tables that every command may quote: they must hold nothing of anybody."""
    found = []
    with house.store.read() as tx:
        for table in ("jobs", "calls", "processes", "locations", "runs", "checks", "firings"):
            columns = ", ".join(c.name for c in metadata.tables[table].columns if c.name != "token")
            found += tx.execute(text(f"SELECT {columns} FROM {table}")).all()
    return repr(found).encode()


def _every_place_was_full(places: dict[str, bytes]) -> None:
    """The scan looked at what it says that it looked at."""
    assert b"contact.push" in places["Flower"]
    assert b"flower_task" in places["Flower"]
    assert b"RETRY" in places["Flower"]
    assert canaries.found(places["what Redis was told"], ["contact.push", "task-succeeded"])
    assert b"PUBLISH" in places["what Redis was told"].upper()
    assert canaries.found(places["what Redis kept"], ["contact.push"])
    assert b"ops.running.flower" in places["titles of processes"]
    assert b"a deed broke" in places["logs"]
    assert b"crm-refused" in places["what is shown of jobs"] + places["commands"].replace(b" ", b"")


# ---------------------------------------------------------------- the scan itself


def test_the_scan_finds_what_somebody_leaves_in_a_message_a_channel_or_a_value(
    new_redis: Any,
) -> None:
    server = new_redis()
    server.start()
    message = base64.b64encode(json.dumps([[], {"who": "kuniqx@example.org"}]).encode()).decode()

    listener = canaries.Listener(server.port)
    with redis.Redis(port=server.port) as client:
        client.lpush("bulk", json.dumps({"body": message}))
        client.publish("celeryev", "Zwetschgeqx")
        client.set("gone", "pit-canaryqx", px=1)
    told = listener.stop()

    planted = ["kuniqx@example.org", "zwetschgeQX", "pit-canaryqx"]
    assert canaries.found(told, [*planted, "nobody"]) == planted
    assert canaries.found(canaries.append_only_file(server.folder), ["kuniqx@example.org"])


def test_the_scan_finds_what_somebody_puts_into_a_command_line() -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', 'kuniqx'])"
    process = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE)
    try:
        seen = b""
        while b"input()" not in seen.replace(child.encode(), b""):
            seen = canaries.processes([process.pid])
    finally:
        process.communicate(b"\n")

    assert canaries.found(seen.replace(child.encode(), b""), ["kuniqx"]) == ["kuniqx"]


def test_a_leak_is_reported_by_place_and_kind(tmp_path: Path) -> None:
    places = {"logs": b"parked: KUNIQX", "Flower": b"nothing"}

    assert canaries.report(places, {"a name": "kuniqx"}) == {"logs": ["a name"]}
