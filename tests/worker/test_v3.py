"""The second generation of the API, from a file to both sides' agreement and back: other words for
some fields, and no list, so that a walk searches."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.store import audit, cards, runs
from worker import nights

HERE = "loc1"
ADA = "ada@example.com"


@pytest.fixture
def shop(sqlite_store: Any, open_shop: Any, crm: Any) -> Any:
    """A worker that speaks v3, with a CRM that has no old path any more."""
    crm.settings(quirks={"v3_keeps_old_paths": False})
    return open_shop(sqlite_store, crm, crm_version="v3")


def theirs(crm: Any) -> Any:
    (only,) = crm.contacts(HERE)
    return only


def night(shop: Any) -> runs.Run:
    """What the clock begins at night, to its end."""
    shop.clock.tick(86_400)
    nights.begin_walks(shop.bench)
    shop.clock.tick(3_600)
    assert set(shop.work()) <= {"done"}
    found = runs.latest(shop.store)
    assert found is not None
    return found


def test_everything_of_a_person_is_there_once(shop: Any, crm: Any) -> None:
    ours = shop.person(
        ADA, "+12025550143", first_name="Ada", city="London", tags=["course: bread"],
        notes=["Enrolled in Bread"], **{"custom.level": "A"},
    )  # fmt: skip
    shop.work()
    shop.person(ADA, city="Paris", gone=["course: bread"], **{"custom.level": "B"})
    shop.work()

    there = theirs(crm)
    assert (there["city"], there["tags"]) == ("Paris", [])
    assert there["customFields"] == [{"id": "cfLevel0000000000001", "value": "B"}]
    assert [note["body"] for note in there["notes"]] == ["Enrolled in Bread"]
    with shop.store.read() as tx:
        assert cards.load(tx, ours).agreed["custom.level"] == "B"


def test_a_night_searches_and_takes_in_what_no_webhook_told(shop: Any, crm: Any) -> None:
    ours = shop.person(ADA, first_name="Ada", city="London")
    shop.work()
    crm.seed(HERE, {"id": theirs(crm)["id"], "values": {"city": "Rome"}})

    run = night(shop)

    assert run.state == "finished"
    with shop.store.read() as tx:
        assert cards.load(tx, ours).fields["city"] == "Rome"
    called = {one.operation for one in audit.by_operation(shop.store, run=run.id)}
    assert called == {"contacts.search", "contact.get"}
    assert "GET /contacts/" not in crm.report()["by_operation"]


def test_a_walk_that_began_with_the_list_goes_on_as_a_search(
    sqlite_store: Any, open_shop: Any, crm: Any
) -> None:
    before, after = open_shop(sqlite_store, crm), open_shop(sqlite_store, crm, crm_version="v3")
    ours = before.person(ADA, first_name="Ada", city="London")
    before.work()
    crm.seed(HERE, {"id": theirs(crm)["id"], "values": {"city": "Rome"}})
    before.clock.tick(86_400)
    nights.begin_walks(before.bench)
    before.clock.tick(3_600)
    assert before.once() == "done"  # one page of the list

    assert set(after.work()) <= {"done"}

    run = runs.latest(after.store)
    assert run is not None
    assert (run.state, run.counts["rows"], run.counts["differ"]) == ("finished", 1, 1)
    with after.store.read() as tx:
        assert cards.load(tx, ours).fields["city"] == "Rome"
