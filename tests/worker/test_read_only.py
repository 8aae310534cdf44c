"""Read-only mode: drift is found and reported without a write, and what is owed goes out later."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.jobs import Kind, Wish
from contacts.store import accounts, ledger, ledger_view, runs, walks
from contacts.store.walks import Way
from ops.simulator.config import SCOPES
from worker.crm.transport import READ_ONLY_S

HERE = "loc1"
READING = "pit-reading"


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Any:
    """A stand-in with a second token, which may read contacts and nothing else."""
    tokens = [
        {"token": "pit-secret", "location": HERE, "scopes": list(SCOPES)},
        {"token": READING, "location": HERE, "scopes": ["contacts.readonly"]},
    ]
    return simulator(clock=clock, tokens=tokens)


@pytest.fixture
def writing(sqlite_store: Any, open_shop: Any, crm: Any) -> Any:
    """A worker that may write."""
    return open_shop(sqlite_store, crm)


@pytest.fixture
def reading(writing: Any, sqlite_store: Any, open_shop: Any, crm: Any) -> Any:
    """The same worker after a restart in read-only mode, with the token that only reads."""

    def restart(**settings: Any) -> Any:
        shop = open_shop(sqlite_store, crm, read_only=True, **settings)
        with sqlite_store.write() as tx:
            accounts.ensure_location(tx, HERE, token=READING, cipher=shop.bench.cipher)
        return shop

    return restart


def settle(shop: Any) -> list[str]:
    """Everything that a dispatcher in read-only mode hands out."""
    ended: list[str] = []
    while tickets := ledger.release(
        shop.store, room=99, limit=99, bulk_limit=99, lease_s=30, read_only=True
    ):
        ended += [shop.run(ticket) for ticket in tickets]
    return ended


def test_a_job_that_writes_waits_without_an_attempt_or_a_call(reading: Any, crm: Any) -> None:
    shop = reading()
    shop.person("ada@example.org")

    assert settle(shop) == []
    (shown,) = shop.work()  # its dispatcher has another setting

    assert "nothing is written to the CRM: ROLLBOOK_READ_ONLY is on" in shown
    row = shop.row()
    assert (row.state, row.attempts, row.code) == ("waiting", 0, "read-only")
    assert row.due_at == shop.clock() + READ_ONLY_S
    assert crm.report()["arrivals"] == 0


@pytest.mark.parametrize("way", [Way.LIST, Way.SEARCH])
def test_drift_is_found_by_a_token_that_only_reads_and_nothing_is_written(
    writing: Any, reading: Any, crm: Any, way: Way
) -> None:
    writing.person("ada@example.org", city="London", website="https://a.example")
    writing.work()
    theirs = crm.contacts(HERE)[0]["id"]
    crm.reset(contacts=False, faults=False)
    crm.seed(HERE, {"id": theirs, "values": {"city": "Paris"}, "custom": {}})
    shop = reading(guard_percent=100)
    shop.person("bo@example.org")
    shop.clock.tick(600)
    with shop.store.write() as tx:
        run = walks.begin(tx, HERE, way=way, title="test", now=shop.clock())

    assert set(settle(shop)) == {"done"}

    found = runs.get(shop.store, run)
    assert found.counts["field:city"] == 1
    seen = crm.report()
    assert set(seen["by_operation"]) == {
        "GET /contacts/{id}",
        "GET /contacts/" if way is Way.LIST else "POST /contacts/search",
    }
    assert set(seen["by_status"]) == {"200"}
    assert ledger_view.writing(shop.store) > 0


def test_what_was_owed_goes_out_as_soon_as_the_mode_is_off(
    writing: Any, reading: Any, crm: Any
) -> None:
    shop = reading()
    shop.person("ada@example.org", tags=["vip"], notes=["hello"])
    shop.work()
    assert ledger_view.writing(shop.store) == 3
    with shop.store.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-secret", cipher=shop.bench.cipher)

    assert ledger.hasten(shop.store, "read-only") == 1  # and those behind it
    assert set(writing.work()) == {"done"}

    (theirs,) = crm.contacts(HERE)
    assert (theirs["email"], theirs["tags"], len(theirs["notes"])) == (
        "ada@example.org",
        ["vip"],
        1,
    )


def test_a_job_that_reads_does_not_wait_behind_one_that_writes(reading: Any) -> None:
    shop = reading()
    shop.put(Wish(Kind.PUSH, HERE, 7), Wish(Kind.RULES, HERE, 7))

    tickets = ledger.release(shop.store, room=9, limit=9, bulk_limit=9, lease_s=30, read_only=True)

    assert [one.kind for one in tickets] == [Kind.RULES]
