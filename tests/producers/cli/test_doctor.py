"""`rollbook doctor`: each line is ok, or what is wrong and the command that mends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contacts.store import accounts, checks, ledger
from contacts.store.checks import Found, Look
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers.cli import checkup, doctor
from producers.cli.checkup import State

from .conftest import HERE, park, put, settings_of, take

MAPPING = '[fields]\nemail = "Email"\n"custom.level" = "Level"\n"custom.levle" = "Grade"\n'


def told(rollbook: Any, *words: str) -> dict[str, list[dict[str, Any]]]:
    """The lines by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in rollbook("doctor", "--json", *words).lines:
        found.setdefault(line["name"], []).append(line)
    return found


def states(lines: list[dict[str, Any]]) -> list[str]:
    return [line["state"] for line in lines]


@pytest.fixture
def worker(alive, book: Store, redis_server: str, monkeypatch) -> Iterator[dict[Look, Found]]:
    """A Redis, and a worker that finds what a test says; by default that all is well."""
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", redis_server)
    answers: dict[Look, Found] = {}
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            for job in take(book):
                look = checks.look_of(job.subject)
                with book.write() as tx:
                    found = answers.get(look) or Found(look, book.clock())
                    checks.keep(tx, job.location, found)
                    ledger.done(tx, job, now=book.clock())

    thread = threading.Thread(target=work)
    thread.start()
    yield answers
    over.set()
    thread.join()


# ---------------------------------------------------------------- this house


def test_with_nobody_alive_it_says_what_starts_them_and_that_the_crm_was_not_asked(
    rollbook, location
) -> None:
    said = rollbook("doctor")

    lines = said.out.splitlines()
    assert said.code == 1
    assert "wrong  processes       none is alive -> rollbook up" in lines
    assert f"wrong  redis           none is known -> {mend_redis()}" in lines
    assert any(line.startswith("note   access          the CRM was not asked") for line in lines)
    assert lines[-1].startswith("2 things are wrong, ")


def mend_redis() -> str:
    return "rollbook up (it brings one), or ROLLBOOK_REDIS_URL"


def test_a_wrong_setting_is_a_line_and_nothing_else_is_looked_at(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_ATTEMPTS", "many")

    said = rollbook("doctor")

    assert said.code == 1
    first, *_, last = said.out.splitlines()
    assert first.startswith("wrong  settings        ROLLBOOK_ATTEMPTS is malformed")
    assert last == "1 thing is wrong."


def test_a_database_that_is_behind_says_which_command_mends_it(
    rollbook, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "empty.db"
    file.write_bytes(b"")
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", f"sqlite:///{file}")

    (line,) = told(rollbook)["database"]

    assert line["state"] == "wrong"
    assert "run `rollbook migrate`" in line["said"]


def test_a_key_that_others_can_read_or_that_does_not_fit_is_told(
    rollbook, location, folder: Path
) -> None:
    (folder / "home" / "secret.key").chmod(0o644)
    assert states(told(rollbook)["key"]) == ["ok", "wrong"]

    (folder / "home" / "secret.key").unlink()
    (line,) = told(rollbook)["key"]
    assert (line["state"], line["mend"]) == ("wrong", "rollbook keys")


def test_a_home_that_others_can_look_into_is_told(rollbook, location, folder: Path) -> None:
    (folder / "home").chmod(0o755)

    (line,) = told(rollbook)["home"]

    assert (line["state"], line["mend"]) == ("wrong", f"chmod 700 {folder / 'home'}")


def test_parked_jobs_are_good_to_know(rollbook, location, book: Store) -> None:
    put(book, 1)
    park(book, take(book)[0])

    (line,) = told(rollbook)["jobs"]

    assert (line["state"], line["mend"]) == ("note", "rollbook parked")


@pytest.mark.parametrize(
    ("info", "state", "words"),
    [
        ({"aof_enabled": 1}, "ok", "drops nothing"),
        ({"aof_enabled": 1, "maxmemory_policy": "allkeys-lru", "maxmemory": 9}, "wrong", "drops"),
        ({"aof_enabled": 1, "maxmemory_policy": "allkeys-lru"}, "note", "would drop"),
        ({"aof_enabled": 0}, "note", "no append-only file"),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, "wrong", "disk failed"),
    ],
)
def test_a_redis_that_may_lose_something_is_told(info: Any, state: str, words: str) -> None:
    lines = list(checkup._kept(info))

    assert [line.state.value for line in lines if words in line.said] == [state]


@pytest.mark.parametrize(
    ("seconds", "state"), [(0.4, State.OK), (-1.9, State.OK), (30.0, State.NOTE)]
)
def test_a_clock_that_goes_wrong_is_told(seconds: float, state: State) -> None:
    offset = checkup._offset(lambda: 1000.0 + seconds, lambda: 1000.0)

    assert checkup._clock("Redis", offset).state is state


# ---------------------------------------------------------------- a location


def test_where_all_is_well_every_line_is_ok_and_the_exit_code_nought(
    rollbook, location, worker
) -> None:
    said = rollbook("doctor")

    assert said.code == 0, said.out
    assert "ok     access          the CRM shows its contacts" in said.out
    assert "wrong" not in said.out
    assert said.out.splitlines()[-1].startswith("Everything is as it has to be")


def test_access_that_is_refused_is_told_with_what_mends_it(
    rollbook, location, worker: dict[Look, Found], book: Store
) -> None:
    worker[Look.CONTACTS] = Found(Look.CONTACTS, book.clock(), "token", "the CRM refuses it")

    (line,) = told(rollbook)["access"]

    assert (line["state"], line["said"]) == ("wrong", "the CRM refuses it")
    assert "rollbook locations add" in line["mend"]


def test_scopes_that_are_lacking_are_wrong_or_a_note_by_what_they_are_for(
    rollbook, location, worker: dict[Look, Found], book: Store, folder: Path
) -> None:
    (folder / "rollbook.toml").write_text(MAPPING)
    for look in (Look.LOCATION, Look.FIELDS):
        worker[look] = Found(look, book.clock(), "scope", "the token lacks it")

    lines = {line["said"].split()[2].rstrip(":,"): line for line in told(rollbook)["scopes"]}

    assert lines["locations.readonly"]["state"] == "note"
    assert lines["locations/customFields.readonly"]["state"] == "wrong"


def test_custom_fields_of_the_mapping_are_compared_with_those_last_read(
    rollbook, location, book: Store, folder: Path
) -> None:
    (folder / "rollbook.toml").write_text(MAPPING)
    with book.write() as tx:
        rows = [accounts.CustomField("cf1", "level", "Level", "TEXT")]
        accounts.save_fields(tx, HERE, rows, now=book.clock())

    (line,) = told(rollbook)["custom fields"]

    assert line["state"] == "wrong"
    assert 'custom field "levle", which location loc_here does not have' in line["said"]


def test_a_paused_location_is_not_asked_and_says_why(
    rollbook, location, worker, book: Store
) -> None:
    with book.write() as tx:
        accounts.pause(tx, HERE, book.clock() + 600, "the token lacks the scope contacts.write")

    found = told(rollbook)

    assert found["access"][0]["said"] == "the CRM was not asked: the location is paused"
    assert found["pause"][0]["mend"] == f"rollbook resume {HERE}"
    assert found["pause"][0]["state"] == "wrong"


def test_a_location_without_a_token_is_told(rollbook, location, folder: Path, book: Store) -> None:
    with book.write() as tx:
        cipher = Cipher.from_settings(settings_of(folder))
        accounts.ensure_location(tx, "loc_other", token=None, cipher=cipher)

    (line,) = told(rollbook, "--location", "loc_other")["token"]

    assert line["mend"] == "rollbook locations add loc_other"


def test_limits_that_the_crm_says_otherwise_are_told(rollbook, location, book: Store) -> None:
    with book.write() as tx:
        seen = {"at": book.clock(), "used": 1, "per_window": 25, "day_left": 9000}
        accounts.save_limits_seen(tx, HERE, seen)

    (line,) = told(rollbook)["limits"]

    assert line["mend"] == f"rollbook locations add {HERE} --window-calls 25"


def test_of_many_locations_the_first_are_looked_at(rollbook, location, folder, book: Store) -> None:
    cipher = Cipher.from_settings(settings_of(folder))
    with book.write() as tx:
        for number in range(doctor.MOST + 2):
            accounts.ensure_location(tx, f"m{number}", token="t", cipher=cipher)

    found = told(rollbook)

    assert len(found["token"]) == doctor.MOST
    assert found["locations"][0]["said"] == "3 more were not looked at"
