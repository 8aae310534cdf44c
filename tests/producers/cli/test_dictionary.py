"""Custom fields of the mapping: a worker is asked where the location's own are not known."""

from __future__ import annotations

import pytest

from contacts.jobs import Kind
from contacts.settings import Settings
from contacts.store import accounts, ledger_view, processes
from contacts.store.accounts import CustomField
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers.cli import dictionary
from producers.cli.door import Door
from producers.mapping import Export

from .conftest import HERE, finish, park, take

EXPORT = Export({"email": "Email", "custom.level": "Level"})
LEVEL = CustomField("cf1", "level", "Level", "TEXT")


@pytest.fixture
def door(sqlite_store: Store) -> Door:
    with sqlite_store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=Cipher(b"0" * 43 + b"="))
    return Door(Settings(_env_file=None), sqlite_store)


@pytest.fixture
def workers(door: Door) -> None:
    for kind in ("dispatcher", "worker"):
        processes.beat(door.store, f"{kind}@machine:1", kind, 32)


def check(door: Door, sleep) -> dictionary.Checked:
    return dictionary.check(door, EXPORT, accounts.location(door.store, HERE), sleep=sleep)


def never(seconds: float) -> None:
    raise AssertionError("it waited")


def worker_reads(door: Door, *found: CustomField):
    """A sleep in which a worker does the job that reads the dictionary."""

    def sleep(seconds: float) -> None:
        for job in take(door.store):
            assert job.kind is Kind.FIELDS
            with door.store.write() as tx:
                accounts.save_fields(tx, HERE, found, now=door.store.clock())
            finish(door.store, job)

    return sleep


def test_fields_that_are_known_to_be_there_cost_no_call(door, workers) -> None:
    with door.store.write() as tx:
        accounts.save_fields(tx, HERE, [LEVEL], now=1.0)

    assert check(door, never).export == EXPORT
    assert ledger_view.counts(door.store).total == 0


def test_an_unknown_dictionary_is_read_by_a_worker(door, workers, capsys) -> None:
    checked = check(door, worker_reads(door, LEVEL))

    assert checked.export == EXPORT
    assert capsys.readouterr().err == ""


def test_a_field_that_is_new_in_the_crm_is_found_by_reading_again(door, workers) -> None:
    with door.store.write() as tx:
        accounts.save_fields(tx, HERE, [], now=1.0)

    assert check(door, worker_reads(door, LEVEL)).wrong == {}


def test_a_field_that_is_nowhere_is_taken_out_with_a_warning(door, workers, capsys) -> None:
    checked = check(door, worker_reads(door, CustomField("cf2", "levels", "Levels", "TEXT")))

    assert checked.export.fields == {"email": "Email"}
    assert list(checked.wrong) == ["custom.level"]
    assert capsys.readouterr().err == (
        'column "Level" is mapped to the custom field "level", which location loc_here does not '
        'have; did you mean "levels"?: it is left out\n'
    )


def test_a_token_without_the_scope_is_said_and_not_waited_for(door, workers, capsys) -> None:
    def sleep(seconds: float) -> None:
        for job in take(door.store):
            park(door.store, job, "scope", "custom fields cannot be read: no scope")

    checked = check(door, sleep)

    assert checked.export == EXPORT
    assert capsys.readouterr().err.splitlines() == [
        "custom fields cannot be read: no scope",
        "the custom fields of loc_here are not known: custom.level go out unchecked",
    ]


def test_a_worker_that_does_not_come_to_it_is_not_waited_for_long(door, workers, clock) -> None:
    checked = check(door, clock.tick)

    assert checked.export == EXPORT
    assert clock.now - 1_800_000_000 <= dictionary.PATIENCE_S + 1


def test_without_a_worker_nobody_is_asked(door, capsys) -> None:
    assert check(door, never).export == EXPORT
    assert ledger_view.counts(door.store).total == 0
