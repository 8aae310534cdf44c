"""In which stage each opportunity stands, as webhooks tell it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contacts.events import Event
from contacts.store import inbox
from contacts.store.database import Store
from contacts.store.tables import jobs, locations, opportunities, webhooks

HERE = "loc_1"


@pytest.fixture
def book(store: Store) -> Store:
    with store.write() as tx:
        tx.execute(locations.insert().values(id=HERE))
    return store


def told(type: str, at: float, contact: str = "c1", **payload: Any) -> Event:
    return Event(f"wh:{type}:{at}", f"Opportunity{type}", HERE, contact, "o1", at, payload)


def hear(store: Store, *events: Event) -> None:
    with store.write() as tx:
        inbox.receive(tx, events, now=store.clock())


def stages(store: Store) -> list[tuple[str, str, bool]]:
    with store.read() as tx:
        return [
            (row.pipeline, row.stage, row.gone_at is not None)
            for row in tx.execute(select(opportunities))
        ]


def at(stage: str) -> dict[str, str]:
    return {"pipelineId": "p1", "pipelineStageId": stage}


def test_the_latest_event_counts_in_whatever_order_they_come(book: Store) -> None:
    hear(book, told("StageUpdate", 30, contact="", **at("won")), told("Create", 10, **at("new")))
    hear(book, told("StageUpdate", 20, contact="", **at("talk")))

    assert stages(book) == [("p1", "won", False)]


def test_what_does_not_name_the_stage_leaves_it(book: Store) -> None:
    hear(book, told("Create", 10, **at("new")), told("Update", 20, name="another"))
    assert stages(book) == [("p1", "new", False)]

    hear(book, told("Delete", 30, contact=""))
    assert stages(book) == [("p1", "new", True)]


def test_without_a_stage_or_a_contact_nothing_is_kept(book: Store) -> None:
    hear(book, told("Create", 10), told("StageUpdate", 20, contact="", **at("won")))
    hear(book, told("Create", 30, pipelineId="p" * 65, pipelineStageId="x"))

    assert stages(book) == []


def test_they_are_settled_at_once_and_put_no_job_where_nobody_has_rules(book: Store) -> None:
    hear(book, told("Create", 10, **at("new")))
    hear(book, told("Create", 10, **at("new")))

    with book.read() as tx:
        (row,) = tx.execute(select(webhooks)).all()
        assert tx.execute(select(jobs)).all() == []
    assert (row.outcome, row.payload, row.settled_at) == ("noted", None, book.clock())
